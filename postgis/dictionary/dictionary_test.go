package dictionary_test

import (
	"testing"
	"unicode"

	"wanglou/postgis/dictionary"
	"wanglou/postgis/postgistest"
)

func TestCategories(t *testing.T) {
	t.Parallel()
	cs, err := dictionary.Categories()
	if err != nil {
		t.Fatal(err)
	}
	count, name := map[string]int{}, map[string]string{}
	for _, c := range cs {
		count[c.Kind]++
		if name[c.Kind+c.Code] != "" {
			t.Errorf("%s %s stands twice", c.Kind, c.Code)
		}
		name[c.Kind+c.Code] = c.Name
		if len(c.Code) != 5 || c.Class == "" || c.Name == "" || c.NameEN == "" {
			t.Errorf("incomplete: %+v", c)
		}
		for _, r := range c.NameEN {
			if unicode.Is(unicode.Han, r) {
				t.Errorf("%s: English name %q", c.Code, c.NameEN)
				break
			}
		}
	}
	if count["component"] != 153 || count["item"] != 250 {
		t.Errorf("%v, want 153 components and 250 items", count)
	}
	// The codes that other parts of the product know by name.
	for code, want := range map[string]string{"06001": "私搭乱建", "08016": "无证建设", "09009": "机动车乱停放", "09012": "占用消防通道",
		"06010": "暴露垃圾", "06013": "道路破损", "01050": "监控电子眼设施异常"} {
		if name["item"+code] != want {
			t.Errorf("%s is %q, want %q", code, name["item"+code], want)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	db := postgistest.New(t)
	ctx := t.Context()
	for range 2 {
		if err := dictionary.Load(ctx, db); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Pool.Exec(ctx, `INSERT INTO category VALUES ('own', 'item', '99001', '其他', '自定义', '') ON CONFLICT DO NOTHING;
			UPDATE category SET name_en = 'old' WHERE code = '09012' AND kind = 'item'`); err != nil {
			t.Fatal(err)
		}
	}
	if err := dictionary.Load(ctx, db); err != nil {
		t.Fatal(err)
	}
	var n int
	var en string
	if err := db.Pool.QueryRow(ctx, `SELECT count(*), max(name_en) FILTER (WHERE code = '09012' AND kind = 'item') FROM category`).Scan(&n, &en); err != nil {
		t.Fatal(err)
	}
	if n != 404 || en != "Blocked fire lane" {
		t.Errorf("%d rows, 09012 is %q", n, en)
	}
	// What somebody has reworded stays, and is no reason to write.
	if _, err := db.Pool.Exec(ctx, `UPDATE category SET name = '我们的', edited = true WHERE code = '09012' AND kind = 'item'`); err != nil {
		t.Fatal(err)
	}
	if err := dictionary.Load(ctx, db); err != nil {
		t.Fatal(err)
	}
	var name string
	if err := db.Pool.QueryRow(ctx, `SELECT name FROM category WHERE code = '09012' AND kind = 'item'`).Scan(&name); err != nil || name != "我们的" {
		t.Errorf("%q, %v", name, err)
	}
	var strange []string // kinds of alarms with a category that the dictionary has not
	if err := db.Pool.QueryRow(ctx, `SELECT coalesce(array_agg(k.code), '{}') FROM alarm_kind k
		WHERE k.category <> '' AND NOT EXISTS (SELECT FROM category c WHERE c.code = k.category AND c.kind = 'item')`).Scan(&strange); err != nil || len(strange) > 0 {
		t.Errorf("%q, %v", strange, err)
	}
}
