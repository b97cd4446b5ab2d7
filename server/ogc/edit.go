package ogc

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/server/strictjson"
)

// Editor changes the features of one published layer, by way of the domain's service, which decides on rights, rules and audit.
type Editor interface {
	// Methods lists which of POST, PUT, PATCH and DELETE there are.
	Methods() []string
	// Create makes a feature and returns its id.
	Create(ctx context.Context, d *Draft) (id int64, err error)
	// Change makes a feature what the draft says, and returns whether anything was to be changed. CodeConflict with reason stale_revision: it is not any
	// more what was says.
	Change(ctx context.Context, was *layers.Feature, d *Draft) (changed bool, err error)
	// Delete removes a feature. CodeConflict as above.
	Delete(ctx context.Context, was *layers.Feature) error
}

// settleTime is how long an answer waits for its change to be read back: whoever has changed something and asks at once sees it.
const settleTime = 2 * time.Second

const mimeMergePatch = "application/merge-patch+json"

// methods returns what may be done to the items of a collection, or to one of them.
func (a *API) methods(col *collection, one bool) []string {
	allowed := []string{http.MethodGet, http.MethodHead, http.MethodOptions}
	if e := a.editor(col); e != nil {
		for _, m := range e.Methods() {
			if (m != http.MethodPost) == one {
				allowed = append(allowed, m)
			}
		}
	}
	return allowed
}

// editor returns who changes a collection, nil for those that are only read.
func (a *API) editor(col *collection) Editor {
	if _, followed := col.source.(*replicaSource); !followed {
		return nil
	}
	return a.Editors[col.Name]
}

// edit opens a request that changes something. A method that the collection does not take is told with those that it does.
func (a *API) edit(c echo.Context, one bool) (*request, *collection, Editor, error) {
	r, err := a.open(c)
	if err != nil {
		return nil, nil, nil, err
	}
	col, err := a.collection(r)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := r.only(); err != nil {
		return nil, nil, nil, err
	}
	if allowed := a.methods(col, one); !slices.Contains(allowed, c.Request().Method) {
		c.Response().Header().Set(echo.HeaderAllow, strings.Join(allowed, ", "))
		return nil, nil, nil, echo.ErrMethodNotAllowed
	}
	return r, col, a.editor(col), nil
}

// ItemsOptions is OPTIONS /ogc/collections/{collection}/items, and ItemOptions that of one.
func (a *API) ItemsOptions(c echo.Context) error { return a.options(c, false) }

// ItemOptions is OPTIONS /ogc/collections/{collection}/items/{feature}.
func (a *API) ItemOptions(c echo.Context) error { return a.options(c, true) }

func (a *API) options(c echo.Context, one bool) error {
	_, col, _, err := a.edit(c, one)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set(echo.HeaderAllow, strings.Join(a.methods(col, one), ", "))
	if slices.Contains(a.methods(col, one), http.MethodPatch) {
		h.Set("Accept-Patch", mimeMergePatch)
	}
	return c.NoContent(http.StatusNoContent)
}

// Create is POST /ogc/collections/{collection}/items.
func (a *API) Create(c echo.Context) error {
	r, col, e, err := a.edit(c, false)
	if err != nil {
		return err
	}
	d, err := a.draft(c, col, nil, true)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	id, err := e.Create(ctx, d)
	if err != nil {
		return err
	}
	a.settle(ctx, func() bool { return a.Replica.Get(col.Name, id) != nil })
	c.Response().Header().Set(echo.HeaderLocation, r.base+"/collections/"+url.PathEscape(col.Name)+"/items/"+strconv.FormatInt(id, 10))
	return a.changed(c, col, id, http.StatusCreated)
}

// Replace is PUT /ogc/collections/{collection}/items/{feature}.
func (a *API) Replace(c echo.Context) error { return a.change(c, true) }

// Update is PATCH /ogc/collections/{collection}/items/{feature}: a JSON merge patch (RFC 7396) of the feature.
func (a *API) Update(c echo.Context) error { return a.change(c, false) }

func (a *API) change(c echo.Context, whole bool) error {
	col, e, was, err := a.editOne(c)
	if err != nil {
		return err
	}
	d, err := a.draft(c, col, was, whole)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	done, err := e.Change(ctx, was, d)
	if err != nil {
		return stale(err)
	}
	if done {
		a.settle(ctx, func() bool { return a.Replica.Get(col.Name, was.ID) != was })
	}
	return a.changed(c, col, was.ID, http.StatusNoContent)
}

// Delete is DELETE /ogc/collections/{collection}/items/{feature}.
func (a *API) Delete(c echo.Context) error {
	col, e, was, err := a.editOne(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	if err := e.Delete(ctx, was); err != nil {
		return stale(err)
	}
	a.settle(ctx, func() bool { return a.Replica.Get(col.Name, was.ID) == nil })
	return c.NoContent(http.StatusNoContent)
}

// editOne is edit of the route's feature, as the client saw it.
func (a *API) editOne(c echo.Context) (*collection, Editor, *layers.Feature, error) {
	r, col, e, err := a.edit(c, true)
	if err != nil {
		return nil, nil, nil, err
	}
	was, err := a.held(c, r, col)
	return col, e, was, err
}

// held returns the route's feature as the client saw it: nobody changes what he has not seen.
func (a *API) held(c echo.Context, r *request, col *collection) (*layers.Feature, error) {
	key, err := url.PathUnescape(c.Param("feature"))
	if err != nil {
		return nil, errNoFeature
	}
	it, _, err := col.source.item(c.Request().Context(), r.scope, col, key)
	if err != nil {
		return nil, err
	}
	held := c.Request().Header.Get("If-Match")
	switch {
	case held == "":
		return nil, &layers.Error{Code: layers.CodePreconditionRequired, Field: "If-Match", Reason: "required", Msg: "a change names the ETag of what was seen"}
	case !holds(held, it.etag):
		return nil, stale(layers.Stale(""))
	}
	return it.feature, nil
}

// holds reports whether a list of ETags names tag, strongly, or is *.
func holds(list, tag string) bool {
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "*" || part == tag {
			return true
		}
	}
	return false
}

// stale makes the service's word for what was changed since that of HTTP.
func stale(err error) error {
	var e *layers.Error
	if errors.As(err, &e) && e.Code == layers.CodeConflict && e.Reason == "stale_revision" {
		failed := *e
		failed.Code, failed.Field = layers.CodePreconditionFailed, "If-Match"
		return &failed
	}
	return err
}

// draft reads the body of a request, in the system of its Content-Crs.
func (a *API) draft(c echo.Context, col *collection, was *layers.Feature, whole bool) (*Draft, error) {
	types := []string{mimeGeoJSON, mimeJSON}
	if !whole {
		types = []string{mimeMergePatch}
	}
	raw, err := strictjson.Read(c, types...)
	if err != nil {
		return nil, err
	}
	ref, err := reference(strings.Trim(c.Request().Header.Get("Content-Crs"), "<> "), "Content-Crs")
	if err != nil {
		return nil, err
	}
	return newDraft(raw, col.Layer, was, whole, ref)
}

// settle waits until the replica has followed a change, or does not any more: the change is made either way.
func (a *API) settle(ctx context.Context, seen func() bool) {
	ctx, cancel := context.WithTimeout(ctx, settleTime)
	defer cancel()
	for {
		at := a.Replica.Position()
		if seen() {
			return
		}
		if _, err := a.Replica.WaitPast(ctx, at); err != nil {
			return
		}
	}
}

// changed answers a change, with the ETag for the next one.
func (a *API) changed(c echo.Context, col *collection, id int64, status int) error {
	if f := a.Replica.Get(col.Name, id); f != nil {
		c.Response().Header().Set("ETag", etag(a.Replica.Position().Epoch, f))
	}
	return c.NoContent(status)
}
