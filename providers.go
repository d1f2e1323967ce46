package main

import (
	"log/slog"

	"productgenerator/catalog"
	"productgenerator/operations"
	"productgenerator/provider"
)

// userAgent is how the program introduces itself to public services.
const userAgent = "ProductGenerator/1.0 (product content for e-commerce)"

// officialOpenAI is where OpenAI itself answers; any compatible server may stand in its place.
const officialOpenAI = "https://api.openai.com/v1"

// makeProviders makes the chains that serve parts, in the order of the settings.
func makeProviders(c *config, catalog *catalog.Catalog, log *slog.Logger) operations.Providers {
	local := operations.Local{Catalog: catalog}
	client := func(baseURL, official string) provider.Reach {
		if baseURL == "" || baseURL == official {
			return provider.PublicOnly
		}
		return provider.Anywhere // the operator chose the address
	}
	texts := map[string]func() provider.TextProvider{
		"noop":  func() provider.TextProvider { return provider.Noop{} },
		"local": func() provider.TextProvider { return provider.NewLocalWriter(c.LocalPace) },
		"openai": func() provider.TextProvider {
			return provider.NewOpenAI(provider.OpenAISettings{
				BaseURL: c.OpenAIBaseURL, APIKey: c.OpenAIKey, Model: c.OpenAIModel,
				Client: provider.NewClient(client(c.OpenAIBaseURL, officialOpenAI)),
			})
		},
	}
	images := map[string]func() provider.ImageProvider{
		"noop":  func() provider.ImageProvider { return provider.Noop{} },
		"local": func() provider.ImageProvider { return local },
		"brave": func() provider.ImageProvider {
			return provider.NewBrave(c.BraveBaseURL, c.BraveKey, provider.NewClient(client(c.BraveBaseURL, provider.BraveBaseURL)))
		},
		"openverse": func() provider.ImageProvider {
			return provider.NewOpenverse(c.OpenverseBaseURL, provider.NewClient(client(c.OpenverseBaseURL, provider.OpenverseBaseURL)))
		},
	}
	prices := map[string]func() provider.PriceProvider{
		"noop":  func() provider.PriceProvider { return provider.Noop{} },
		"local": func() provider.PriceProvider { return local },
		"serpapi": func() provider.PriceProvider {
			return provider.NewSerpAPI(c.SerpAPIBaseURL, c.SerpAPIKey, provider.NewClient(client(c.SerpAPIBaseURL, provider.SerpAPIBaseURL)))
		},
		"ebay": func() provider.PriceProvider {
			return provider.NewEBay(c.EBayBaseURL, c.EBayClientID, c.EBayClientSecret,
				provider.NewClient(client(c.EBayBaseURL, provider.EBayBaseURL)))
		},
	}
	facts := map[string]func() provider.FactProvider{
		"noop":  func() provider.FactProvider { return provider.Noop{} },
		"local": func() provider.FactProvider { return local },
		"wikipedia": func() provider.FactProvider {
			return provider.NewWikipedia(provider.WikipediaSettings{
				BaseURL: c.WikipediaBaseURL, UserAgent: userAgent,
				Client: provider.NewClient(client(c.WikipediaBaseURL, "https://{lang}.wikipedia.org")),
			})
		},
	}
	log.Info("providers, in order of preference", "texts", c.TextProviders, "images", c.ImageProviders,
		"prices", c.PriceProviders, "facts", c.FactProviders)
	if len(c.TextProviders)+len(c.ImageProviders)+len(c.PriceProviders) == 3 && c.TextProviders[0] == "local" {
		log.Info("no key of a provider is set: texts are written here, images and prices come from the catalogues here")
	}
	return operations.Providers{
		Texts:  provider.NewTexts(provider.TextLimits(), log, chosen(c.TextProviders, texts)...),
		Images: provider.NewImages(provider.SearchLimits(), log, chosen(c.ImageProviders, images)...),
		Prices: provider.NewPrices(provider.SearchLimits(), log, chosen(c.PriceProviders, prices)...),
		Facts:  provider.NewFacts(provider.FactLimits(), log, chosen(c.FactProviders, facts)...),
	}
}

// chosen makes the named providers, in their order.
func chosen[P any](names []string, known map[string]func() P) []P {
	providers := make([]P, len(names))
	for i, name := range names {
		providers[i] = known[name]()
	}
	return providers
}
