package main

import (
	"encoding/json"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// The parts of CycloneDX 1.6 that say which modules are in which program. https://cyclonedx.org/docs/1.6/json/
type (
	bill struct {
		Schema       string       `json:"$schema"`
		Format       string       `json:"bomFormat"`
		Spec         string       `json:"specVersion"`
		Version      int          `json:"version"`
		Metadata     billMetadata `json:"metadata"`
		Components   []component  `json:"components"`
		Dependencies []dependency `json:"dependencies"`
	}
	billMetadata struct {
		Timestamp string    `json:"timestamp"`
		Component component `json:"component"`
	}
	component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl"`
	}
	dependency struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	}
)

// billOfMaterials names the modules that the linker put into the programs, which are fewer than go.mod requires. A program is one component: it
// depends on the modules of all its platforms.
func billOfMaterials(builds []*build) ([]byte, error) {
	version := "v" + builds[0].version()
	whole := golang("application", builds[0].programs[0].info.Main.Path, version)
	parts := map[string]component{}
	inside := map[string]map[string]bool{}
	for _, b := range builds {
		for _, p := range b.programs {
			c := whole
			c.Name = p.name
			c.PURL += "#" + strings.TrimPrefix(p.info.Path, whole.Name+"/")
			c.Ref = c.PURL
			parts[c.Ref] = c
			if inside[c.Ref] == nil {
				inside[c.Ref] = map[string]bool{}
			}
			library := golang("library", "std", strings.TrimPrefix(p.info.GoVersion, "go"))
			parts[library.Ref], inside[c.Ref][library.Ref] = library, true
			for _, m := range p.info.Deps {
				m = replaced(m)
				library := golang("library", m.Path, m.Version)
				parts[library.Ref], inside[c.Ref][library.Ref] = library, true
			}
		}
	}
	out := bill{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6", Version: 1,
		Metadata:     billMetadata{builds[0].made().Format(time.RFC3339), whole},
		Dependencies: []dependency{{whole.Ref, slices.Sorted(maps.Keys(inside))}},
	}
	for _, ref := range slices.Sorted(maps.Keys(parts)) {
		out.Components = append(out.Components, parts[ref])
	}
	for _, ref := range slices.Sorted(maps.Keys(inside)) {
		out.Dependencies = append(out.Dependencies, dependency{ref, slices.Sorted(maps.Keys(inside[ref]))})
	}
	return json.MarshalIndent(out, "", "  ")
}

func replaced(m *debug.Module) *debug.Module {
	if m.Replace != nil {
		return m.Replace
	}
	return m
}

// golang is a component by its package URL, which is its reference too.
func golang(kind, path, version string) component {
	purl := "pkg:golang/" + path + "@" + strings.ReplaceAll(version, "+", "%2B")
	return component{kind, purl, path, version, purl}
}
