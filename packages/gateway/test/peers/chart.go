// Fills in a template of the chart in deploy/kubernetes as Helm does: Go's text/template and the few functions that the chart uses.
// Arguments: the template. On stdin: JSON with Values and Release.
package main

import (
	"encoding/json"
	"os"
	"text/template"
)

func main() {
	toJSON := func(value any) (string, error) {
		text, err := json.Marshal(value)
		return string(text), err
	}
	var data map[string]any
	check(json.NewDecoder(os.Stdin).Decode(&data))
	text, err := os.ReadFile(os.Args[1])
	check(err)
	// JSON is YAML.
	functions := template.FuncMap{"toJson": toJSON, "toYaml": toJSON}
	parsed, err := template.New("chart").Option("missingkey=zero").Funcs(functions).Parse(string(text))
	check(err)
	check(parsed.Execute(os.Stdout, data))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
