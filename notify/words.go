package notify

import "productgenerator/models"

// words are what an e-mail says besides the warning's sentence, in one language.
type words struct {
	language string
	kinds    map[models.LimitWarningKind]string // what it is about, in the subject
	open     string                             // the link's text
	asLead   string                             // why an ADMIN or OWNER gets it
	asMember string                             // why a member gets it
	warning  string                             // before the warning's id
}

// wordsIn are the words in a user's language, English for all that have none of their own.
func wordsIn(locale string) words {
	if locale == "es" {
		return words{
			language: "es",
			kinds: map[models.LimitWarningKind]string{
				models.WarningDailyLimitNear:     "el límite diario está casi agotado",
				models.WarningDailyLimitReached:  "el límite diario se ha alcanzado",
				models.WarningBalanceLow:         "quedan pocos tokens",
				models.WarningBalanceEmpty:       "no quedan tokens",
				models.WarningGrantExpiring:      "hay tokens que caducan pronto",
				models.WarningMemberLimitNear:    "su propio límite diario está casi agotado",
				models.WarningMemberLimitReached: "su propio límite diario se ha alcanzado",
				models.WarningTopUpPaused:        "la recarga automática está en pausa",
			},
			open:     "Abrir Product Generator",
			asLead:   "Recibe este mensaje porque administra este equipo. Sus reglas de aviso deciden quién lo recibe.",
			asMember: "Recibe este mensaje porque el aviso es sobre su propio límite en este equipo.",
			warning:  "Aviso",
		}
	}
	return words{
		language: "en",
		kinds: map[models.LimitWarningKind]string{
			models.WarningDailyLimitNear:     "the daily limit is nearly used up",
			models.WarningDailyLimitReached:  "the daily limit is reached",
			models.WarningBalanceLow:         "tokens are running low",
			models.WarningBalanceEmpty:       "there are no tokens left",
			models.WarningGrantExpiring:      "tokens expire soon",
			models.WarningMemberLimitNear:    "your own daily limit is nearly used up",
			models.WarningMemberLimitReached: "your own daily limit is reached",
			models.WarningTopUpPaused:        "auto top-up is paused",
		},
		open:     "Open Product Generator",
		asLead:   "You get this e-mail because you administer this team. Its alert rules say who gets one.",
		asMember: "You get this e-mail because the warning is about your own limit in this team.",
		warning:  "Warning",
	}
}
