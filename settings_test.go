package main

import (
	"bufio"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// exampleFile lists the settings for people.
const exampleFile = ".env.example"

func TestTheExampleListsEverySettingWithItsDefault(t *testing.T) {
	listed := readExample(t)
	settings := reflect.TypeFor[config]()
	for i := range settings.NumField() {
		tags := settings.Field(i).Tag
		name := tags.Get("env")
		if name == "" {
			continue
		}
		value, found := listed[name]
		switch {
		case !found:
			t.Errorf("%s lacks %s", exampleFile, name)
		case value != tags.Get("default"):
			t.Errorf("%s says %s=%s, the default is %q", exampleFile, name, value, tags.Get("default"))
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s names %s, which is no setting", exampleFile, name)
	}
}

func TestTheExampleUsedAsItIsChangesNothing(t *testing.T) {
	listed := readExample(t)
	for name := range listed {
		t.Setenv(name, "") // puts back what was there when the test ends
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	without, _, err := readConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range listed {
		if value != "" {
			t.Setenv(name, value)
		}
	}
	with, _, err := readConfig(nil)
	if err != nil {
		t.Fatal(err)
	}
	if difference := cmp.Diff(without, with); difference != "" {
		t.Errorf("without the example -, with it +:\n%s", difference)
	}
}

// readExample reads what the example lists: names with their defaults, empty where the line is commented out.
func readExample(t *testing.T) map[string]string {
	t.Helper()
	file, err := os.Open(exampleFile)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	listed := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line, out := strings.CutPrefix(lines.Text(), "#")
		name, value, isSetting := strings.Cut(line, "=")
		if !isSetting || strings.ContainsAny(name, " -#") {
			continue
		}
		if _, twice := listed[name]; twice {
			t.Errorf("%s lists %s twice", exampleFile, name)
		}
		if out != (value == "") {
			t.Errorf("%s: %q is commented out without need, or has no value", exampleFile, lines.Text())
		}
		listed[name] = value
	}
	return listed
}
