package bus

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// payloadLimit bounds a notification's payload in bytes; PostgreSQL takes less than 8,000.
const payloadLimit = 7_900

// topicLimit bounds a topic in bytes. Ids have some 35.
const topicLimit = 255

// A payload is a line with the sender's instance and then a line for each topic, or one line with everything.
const (
	separator  = "\n"
	everything = "*"
)

// carriable reports whether a payload can hold the topic.
func carriable(topic string) bool {
	return topic != "" && topic != everything && len(topic) <= topicLimit && utf8.ValidString(topic) &&
		!strings.ContainsFunc(topic, unicode.IsControl)
}

// pack writes topics that are carriable into as few payloads as hold them.
func pack(instance string, topics []string) []string {
	var payloads []string
	var b strings.Builder
	for _, topic := range topics {
		if b.Len() > 0 && b.Len()+len(separator)+len(topic) > payloadLimit {
			payloads = append(payloads, b.String())
			b.Reset()
		}
		if b.Len() == 0 {
			b.WriteString(instance)
		}
		b.WriteString(separator)
		b.WriteString(topic)
	}
	if b.Len() > 0 {
		payloads = append(payloads, b.String())
	}
	return payloads
}

// packAll writes the payload that wakes everybody.
func packAll(instance string) []string {
	return []string{instance + separator + everything}
}

// unpack reads a payload. A payload that pack did not write has no topics.
func unpack(payload string) (instance string, topics []string, all bool) {
	instance, rest, found := strings.Cut(payload, separator)
	if !found {
		return instance, nil, false
	}
	if rest == everything {
		return instance, nil, true
	}
	return instance, strings.Split(rest, separator), false
}
