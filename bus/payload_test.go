package bus

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPayloadsHoldAllTopicsWithinTheLimitOfANotification(t *testing.T) {
	topic := rapid.StringMatching(`[a-z]{2,8}_[0-9a-z]{1,240}`)
	rapid.Check(t, func(t *rapid.T) {
		topics := rapid.SliceOfN(topic, 0, 300).Draw(t, "topics")
		var got []string
		for _, payload := range pack("instance", topics) {
			if len(payload) >= 8000 {
				t.Fatalf("a payload has %d bytes", len(payload))
			}
			instance, unpacked, all := unpack(payload)
			if instance != "instance" || all {
				t.Fatalf("unpacked instance %q, all %v", instance, all)
			}
			got = append(got, unpacked...)
		}
		if !slices.Equal(got, topics) {
			t.Fatalf("packed %d topics, unpacked %d", len(topics), len(got))
		}
	})
}

func TestOneNotificationHoldsSomeTwoHundredIDs(t *testing.T) {
	var topics []string
	for i := range 200 {
		topics = append(topics, fmt.Sprintf("team_%026d", i))
	}
	if n := len(pack(strings.Repeat("i", 26), topics)); n != 1 {
		t.Fatalf("took %d payloads", n)
	}
}

func TestAPayloadForEverybodyIsKnownAsOne(t *testing.T) {
	if _, topics, all := unpack(packAll("i")[0]); !all || len(topics) != 0 {
		t.Fatalf("topics %q, all %v", topics, all)
	}
}

func TestAForeignPayloadWakesNobody(t *testing.T) {
	for _, payload := range []string{"", "hello", "*"} {
		if _, topics, all := unpack(payload); all || len(topics) != 0 {
			t.Errorf("%q: topics %q, all %v", payload, topics, all)
		}
	}
}

func TestTheBacklogKeepsEachTopicOnce(t *testing.T) {
	b := newBacklog()
	b.add([]string{"team_1", "team_2"})
	b.add([]string{"team_2", "team_3"})
	topics, all := b.take()
	slices.Sort(topics)
	if all || !slices.Equal(topics, []string{"team_1", "team_2", "team_3"}) {
		t.Fatalf("took %q, all %v", topics, all)
	}
	if topics, all := b.take(); len(topics) > 0 || all {
		t.Fatalf("took %q, all %v a second time", topics, all)
	}
}

func TestABacklogThatGrowsTooLongWakesEverybodyInstead(t *testing.T) {
	b := newBacklog()
	for i := range backlogLimit {
		b.add([]string{fmt.Sprint("team_", i)})
	}
	if len(b.topics) != backlogLimit || b.all {
		t.Fatal("the backlog holds less than its limit")
	}
	for i := range 3 * backlogLimit {
		b.add([]string{fmt.Sprint("gen_", i)})
	}
	if len(b.topics) > 0 {
		t.Fatalf("the backlog still holds %d topics", len(b.topics))
	}
	if topics, all := b.take(); len(topics) > 0 || !all {
		t.Fatalf("took %d topics, all %v", len(topics), all)
	}
}

func TestATopicThatNoNotificationCanCarryWakesEverybody(t *testing.T) {
	for _, topic := range []string{"", "*", "team_1\nteam_2", "team_\x00", "team_\xff", strings.Repeat("t", 8000)} {
		b := newBacklog()
		b.add([]string{"team_1", topic, "team_2"})
		if topics, all := b.take(); len(topics) > 0 || !all {
			t.Errorf("%.20q: took %q, all %v", topic, topics, all)
		}
	}
}
