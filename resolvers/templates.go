package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"productgenerator/catalog"
	"productgenerator/graph"
	"productgenerator/models"
)

func (r *teamResolver) Templates(ctx context.Context, team *models.Team, first *int, after *string) (*models.Connection[models.Template], error) {
	page, err := forwardPage(first, after, models.PrefixTemplate)
	if err != nil {
		return nil, err
	}
	templates, err := r.Catalog.Templates(ctx, team.ID, page)
	return &templates, err
}

func (r *queryResolver) TemplatePreview(ctx context.Context, input graph.TemplatePreviewInput) (*graph.TemplatePreview, error) {
	product, err := r.product(ctx, input.ProductID, models.RoleViewer)
	if err != nil {
		return nil, err
	}
	preview, err := r.Catalog.PreviewTemplate(ctx, product.TeamID, product.ID, input.ShortDescription, input.LongDescription)
	if err != nil {
		userErrors, err := r.userErrors(ctx, product.TeamID, err)
		return previewOf(preview, userErrors), err
	}
	return previewOf(preview, nil), nil
}

// previewOf is what could be rendered, with what is wrong with the rest.
func previewOf(preview catalog.Preview, userErrors []graph.UserError) *graph.TemplatePreview {
	return &graph.TemplatePreview{
		ShortDescription: preview.ShortDescription, LongDescription: preview.LongDescription, UserErrors: userErrors,
	}
}

func (r *mutationResolver) CreateTemplate(ctx context.Context, input graph.CreateTemplateInput) (*graph.TemplatePayload, error) {
	_, team, err := r.teamFor(ctx, input.TeamID, models.RoleMember)
	if err != nil {
		return nil, err
	}
	template, err := r.Catalog.CreateTemplate(ctx, team, catalog.NewTemplate{
		Name: input.Name, ShortDescription: input.ShortDescription, LongDescription: input.LongDescription,
		Language: textOr(input.Language, ""),
	})
	return r.templatePayload(ctx, team, &template, err)
}

func (r *mutationResolver) UpdateTemplate(ctx context.Context, input graph.UpdateTemplateInput) (*graph.TemplatePayload, error) {
	template, err := r.template(ctx, input.ID)
	if err != nil {
		return nil, err
	}
	changed, err := r.Catalog.UpdateTemplate(ctx, template.TeamID, template.ID, catalog.TemplateChange{
		Name: textChange(input.Name), ShortDescription: textChange(input.ShortDescription),
		LongDescription: textChange(input.LongDescription), Language: textChange(input.Language),
	})
	return r.templatePayload(ctx, template.TeamID, &changed, err)
}

func (r *mutationResolver) DeleteTemplate(ctx context.Context, input graph.DeleteTemplateInput) (*graph.TemplatePayload, error) {
	template, err := r.template(ctx, input.ID)
	if err != nil {
		return nil, err
	}
	deleted, err := r.Catalog.DeleteTemplate(ctx, template.TeamID, template.ID)
	return r.templatePayload(ctx, template.TeamID, &deleted, err)
}

func (r *mutationResolver) ApplyTemplate(ctx context.Context, input graph.ApplyTemplateInput) (*graph.ProductPayload, error) {
	return r.changeProduct(ctx, input.ProductID, func(product *models.Product, viewer models.UserID) error {
		_, err := r.Catalog.ApplyTemplate(ctx, product.TeamID, product.ID, models.TemplateID(input.TemplateID), viewer)
		return err
	})
}

// template is the template with that id, for a MEMBER of its team.
func (r *Resolver) template(ctx context.Context, id string) (models.Template, error) {
	read, err := idOf[models.TemplateID](id, models.PrefixTemplate)
	if err != nil {
		return models.Template{}, unlessAnonymous(ctx, err)
	}
	template, err := r.Catalog.TemplateNode(ctx, read)
	if err != nil {
		return models.Template{}, unlessAnonymous(ctx, err)
	}
	_, err = r.member(ctx, template.TeamID, models.RoleMember)
	return template, err
}

func (r *Resolver) templatePayload(ctx context.Context, team models.TeamID, template *models.Template, err error) (*graph.TemplatePayload, error) {
	if err != nil {
		userErrors, err := r.userErrors(ctx, team, err)
		if err != nil {
			return nil, err
		}
		return &graph.TemplatePayload{UserErrors: userErrors}, nil
	}
	return &graph.TemplatePayload{Template: template}, nil
}

// textChange is a text of an update: what is left out stays, null is the empty text.
func textChange(field graphql.Omittable[*string]) catalog.Optional[string] {
	if _, set := field.ValueOK(); !set {
		return catalog.Optional[string]{}
	}
	return catalog.Set(textOr(field, ""))
}
