// Renders a chart as `helm template` does, for tests: with Go's own templates, sprig, the schema of the values, and the functions
// and objects that charts use. What it has not: subcharts, hooks in order, lookup, and a cluster's own capabilities.
//
//	render CHART RELEASE NAMESPACE [VALUES.yaml ...]
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
	"github.com/xeipuuv/gojsonschema"
	"sigs.k8s.io/yaml"
)

type chartFiles string

// Get is empty for a file that is not there, as Helm's is.
func (root chartFiles) Get(name string) string {
	content, err := os.ReadFile(filepath.Join(string(root), name))
	if err != nil {
		return ""
	}

	return string(content)
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(path string) map[string]interface{} {
	content, err := os.ReadFile(path)
	fail(err)
	result := map[string]interface{}{}
	fail(yaml.UnmarshalStrict(content, &result))
	return result
}

// merge puts the later over the earlier, table by table; null takes a value away.
func merge(base, over map[string]interface{}) {
	for key, value := range over {
		if value == nil {
			delete(base, key)
		} else if table, isTable := value.(map[string]interface{}); isTable {
			if below, wasTable := base[key].(map[string]interface{}); wasTable {
				merge(below, table)
			} else {
				base[key] = table
			}
		} else {
			base[key] = value
		}
	}
}

func checkSchema(chart string, values map[string]interface{}) {
	schema, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	fail(err)
	content, err := json.Marshal(values)
	fail(err)
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schema), gojsonschema.NewBytesLoader(content))
	fail(err)
	if !result.Valid() {
		for _, problem := range result.Errors() {
			fmt.Fprintln(os.Stderr, "values:", problem)
		}

		os.Exit(1)
	}
}

func functions(root *template.Template) template.FuncMap {
	result := sprig.TxtFuncMap()
	delete(result, "env")
	delete(result, "expandenv")
	result["toYaml"] = func(value interface{}) (string, error) {
		content, err := yaml.Marshal(value)
		return strings.TrimSuffix(string(content), "\n"), err
	}
	result["fromYaml"] = func(text string) (map[string]interface{}, error) {
		value := map[string]interface{}{}
		return value, yaml.Unmarshal([]byte(text), &value)
	}
	result["required"] = func(message string, value interface{}) (interface{}, error) {
		if list, isList := value.([]interface{}); value == nil || value == "" || (isList && len(list) == 0) {
			return nil, errors.New(message)
		}

		return value, nil
	}
	result["include"] = func(name string, data interface{}) (string, error) {
		var text bytes.Buffer
		err := root.ExecuteTemplate(&text, name, data)
		return text.String(), err
	}
	return result
}

func main() {
	if len(os.Args) < 4 {
		fail(errors.New("usage: render CHART RELEASE NAMESPACE [VALUES.yaml ...]"))
	}

	chart := os.Args[1]
	values := read(filepath.Join(chart, "values.yaml"))
	for _, path := range os.Args[4:] {
		merge(values, read(path))
	}

	checkSchema(chart, values)
	about := read(filepath.Join(chart, "Chart.yaml"))
	data := map[string]interface{}{
		"Values":  values,
		"Chart":   map[string]interface{}{"Name": about["name"], "Version": about["version"], "AppVersion": about["appVersion"]},
		"Release": map[string]interface{}{"Name": os.Args[2], "Namespace": os.Args[3], "Service": "Helm", "IsInstall": true},
		"Files":   chartFiles(chart),
	}

	root := template.New("chart").Option("missingkey=zero")
	root.Funcs(functions(root))
	paths, err := filepath.Glob(filepath.Join(chart, "templates", "*"))
	fail(err)
	sort.Strings(paths)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		fail(err)
		_, err = root.New(filepath.Base(path)).Parse(string(content))
		fail(err)
	}

	for _, path := range paths {
		name := filepath.Base(path)
		if strings.HasPrefix(name, "_") {
			continue
		}

		var text bytes.Buffer
		fail(root.ExecuteTemplate(&text, name, data))
		content := strings.ReplaceAll(text.String(), "<no value>", "")
		if strings.HasSuffix(name, ".txt") {
			// Not an object: as a comment, so that what is read as YAML has it beside it.
			content = "# " + strings.ReplaceAll(strings.TrimSpace(content), "\n", "\n# ") + "\n"
		}

		if strings.TrimSpace(content) != "" {
			fmt.Printf("---\n# Source: %s\n%s\n", name, content)
		}
	}
}
