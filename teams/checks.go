package teams

import (
	"io/fs"
	"strings"
	"time"

	"productgenerator/models"
)

// MaxName is how long the name of a user or a team is, in characters.
const MaxName = 100

// checkName says what is wrong with the name of a user or a team.
func checkName(name string) models.FieldCode {
	if name == "" {
		return models.FieldRequired
	}
	return models.CheckLine(name, MaxName)
}

// trimName is the name as it is stored: without the spaces around it.
func trimName(name string) string { return strings.TrimSpace(name) }

// checkZone says what is wrong with a time zone: it has to be one of IANA's names, as IANA writes it. Zones are Go's
// alone: the database never hears of one but as text.
func checkZone(name string) models.FieldCode {
	if name == "" {
		return models.FieldRequired
	}
	// Go looks names up as paths of files: one such as Europe//Madrid would be found.
	if notAZone(name) || !fs.ValidPath(name) {
		return models.FieldInvalid
	}
	if _, err := time.LoadLocation(name); err != nil {
		return models.FieldInvalid
	}
	return ""
}

// notAZone names what Go loads, or a system keeps beside the zones, although it is none: the machine's own zone, and
// copies of all zones that count leap seconds or not.
func notAZone(name string) bool {
	directory, _, _ := strings.Cut(name, "/")
	switch directory {
	case "Local", "localtime", "posixrules", "Factory", "right", "posix":
		return true
	default:
		return false
	}
}
