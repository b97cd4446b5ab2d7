package incident

import (
	"regexp"
	"strings"

	"wanglou/layers"
)

// Standard2026 is the key of the 2026 series: 2-digit large class and 3-digit small class. What a county adds stands in it too.
const Standard2026 = "gbt47678.5-2026"

// Category is one row of the dictionary of components 部件 and items 事项.
type Category struct {
	ID       int64    `json:"id"`
	Revision int64    `json:"revision"`
	Standard string   `json:"standard"`
	Kind     string   `json:"kind"` // component, item
	Code     string   `json:"code"`
	Class    string   `json:"class"` // name of the large class
	Name     string   `json:"name"`
	NameEN   string   `json:"name_en,omitempty"`
	Severity Severity `json:"severity,omitempty"` // that a case begins with, 0 where whoever creates it says
	Retired  bool     `json:"retired,omitempty"`  // old cases keep it, new ones are not offered it
}

// Limits of a dictionary. A name stands in lists, in one line.
const (
	MaxCategories   = 5000
	maxCategoryName = 60
	maxNameEN       = 120
)

var categoryCode = regexp.MustCompile(`^[0-9]{5}$`)

// Validate tidies the texts and reports the first wrong field: CodeInvalid. Whether the class is the one of its first two digits is the dictionary's to know;
// "" asks for that one.
func (c *Category) Validate() error {
	if c.Standard == "" {
		c.Standard = Standard2026
	}
	switch {
	case c.Standard != Standard2026:
		return layers.Invalid("standard", "unknown_value", "categories are added to %s", Standard2026)
	case c.Kind != "component" && c.Kind != "item":
		return layers.Invalid("kind", "unknown_value", "a category is a component or an item, not %q", c.Kind)
	case !categoryCode.MatchString(c.Code):
		return layers.Invalid("code", "category_code", "a code has five digits: two of the class, three of its own")
	case strings.HasPrefix(c.Code, "00"), strings.HasSuffix(c.Code, "000"):
		return layers.Invalid("code", "category_code", "classes begin with 01, the categories of one with 001")
	}
	if err := layers.Line("class", &c.Class, maxCategoryName, false); err != nil {
		return err
	}
	return c.ValidateWording()
}

// ValidateWording is Validate of what may be changed later: a code stays what it is.
func (c *Category) ValidateWording() error {
	if err := layers.Line("name", &c.Name, maxCategoryName, true); err != nil {
		return err
	}
	if err := layers.Line("name_en", &c.NameEN, maxNameEN, false); err != nil {
		return err
	}
	if c.Severity < 0 || c.Severity > 3 {
		return layers.Invalid("severity", "out_of_range", "severity is 1, 2 or 3, or 0 for none, not %d", c.Severity)
	}
	return nil
}
