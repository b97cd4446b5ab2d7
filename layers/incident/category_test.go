package incident

import (
	"strings"
	"testing"

	"wanglou/layers"
)

func TestValidateCategory(t *testing.T) {
	t.Parallel()
	good := func(change func(c *Category)) *Category {
		c := &Category{Kind: "item", Code: "09901", Class: "街面秩序", Name: " 共享单车乱停放 ", NameEN: "Shared bicycles"}
		change(c)
		return c
	}
	for _, c := range []struct {
		name          string
		c             *Category
		field, reason string
	}{
		{"good", good(func(*Category) {}), "", ""},
		{"no English", good(func(c *Category) { c.NameEN = "" }), "", ""},
		{"component", good(func(c *Category) { c.Kind = "component" }), "", ""},
		{"other standard", good(func(c *Category) { c.Standard = "cjt214-2007" }), "standard", "unknown_value"},
		{"no kind", good(func(c *Category) { c.Kind = "" }), "kind", "unknown_value"},
		{"four digits", good(func(c *Category) { c.Code = "0990" }), "code", "category_code"},
		{"wide digits", good(func(c *Category) { c.Code = "０９９０１" }), "code", "category_code"},
		{"no class", good(func(c *Category) { c.Code = "00901" }), "code", "category_code"},
		{"the class itself", good(func(c *Category) { c.Code = "09000" }), "code", "category_code"},
		{"no name", good(func(c *Category) { c.Name = "  " }), "name", "required"},
		{"two lines", good(func(c *Category) { c.Name = "一\n二" }), "name", "not_a_value"},
		{"no text", good(func(c *Category) { c.NameEN = "\xff" }), "name_en", "not_a_value"},
		{"long name", good(func(c *Category) { c.Name = strings.Repeat("长", 61) }), "name", "too_long"},
		{"long class", good(func(c *Category) { c.Class = strings.Repeat("长", 61) }), "class", "too_long"},
		{"severity 4", good(func(c *Category) { c.Severity = 4 }), "severity", "out_of_range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.c.Validate()
			e, _ := err.(*layers.Error)
			if c.field == "" {
				if err != nil || c.c.Name != "共享单车乱停放" || c.c.Standard != Standard2026 {
					t.Errorf("%+v: %v", c.c, err)
				}
			} else if e == nil || e.Code != layers.CodeInvalid || e.Field != c.field || e.Reason != c.reason {
				t.Errorf("%v; want %s: %s", err, c.field, c.reason)
			}
		})
	}
}
