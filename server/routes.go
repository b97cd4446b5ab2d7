package server

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/ogc"
)

// access says who may use a route. The zero value is everybody who is signed in.
type access struct {
	public bool          // everybody
	local  bool          // besides, whoever asks from this machine
	any    []auth.Action // the scope has to allow one of them
}

var (
	public   = access{public: true}
	signedIn = access{}
)

func may(any ...auth.Action) access { return access{any: any} }

// route is one line of the table of routes.
type route struct {
	method string
	path   string
	access access
	handle func(*Server, echo.Context) error
}

// eventsRoute is answered for as long as the client listens.
const eventsRoute = "/api/events/:layer"

// routes is every route there is, and who may use it. Which things of a kind a caller may read or change is decided
// further in: by Scope.Sees for the replica, by the services for the rest.
var routes = []route{
	{http.MethodGet, "/api/session", signedIn, (*Server).getSession},
	{http.MethodPost, "/api/session", public, (*Server).createSession},
	{http.MethodDelete, "/api/session", signedIn, (*Server).deleteSession},
	{http.MethodPost, "/api/session/kiosk", public, (*Server).createKioskSession},

	{http.MethodGet, "/api/catalog", may(auth.ActionRead), (*Server).getCatalog},
	{http.MethodGet, "/api/sources", may(auth.ActionRead), (*Server).listSources},
	{http.MethodGet, "/api/areas", may(auth.ActionRead), (*Server).listAreas},
	{http.MethodGet, "/api/categories", may(auth.ActionRead), (*Server).listCategories},
	{http.MethodGet, "/api/layers/:layer/features", may(auth.ActionRead), (*Server).listFeatures},
	{http.MethodGet, "/api/layers/:layer/features/:id", may(auth.ActionRead), (*Server).getFeature},
	{http.MethodGet, eventsRoute, may(auth.ActionRead), (*Server).getEvents},
	{http.MethodGet, "/api/search", may(auth.ActionRead), (*Server).search},
	{http.MethodGet, "/api/statistics", may(auth.ActionRead), (*Server).getStatistics},

	{http.MethodGet, "/api/incidents", may(auth.ActionRead), (*Server).listIncidents},
	{http.MethodPost, "/api/incidents", may(auth.ActionCreateIncident), (*Server).createIncident},
	{http.MethodGet, "/api/incidents/:id", may(auth.ActionRead), (*Server).getIncident},
	{http.MethodPatch, "/api/incidents/:id", may(auth.ActionMoveIncident), (*Server).correctIncident},
	{http.MethodGet, "/api/incidents/:id/candidates", may(auth.ActionCreateIncident), (*Server).listIncidentCandidates},
	{http.MethodPost, "/api/incidents/:id/merge", may(auth.ActionMoveIncident), (*Server).mergeIncident},
	{http.MethodPost, "/api/incidents/:id/unmerge", may(auth.ActionMoveIncident), (*Server).unmergeIncident},
	{http.MethodPost, "/api/incidents/:id/moves", may(auth.ActionMoveIncident), (*Server).moveIncident},
	{http.MethodGet, "/api/incidents/:id/recommendations", may(auth.ActionRead), (*Server).recommendUnits},
	{http.MethodPost, "/api/incidents/:id/tasks", may(auth.ActionDispatch), (*Server).dispatchUnit},

	{http.MethodGet, "/api/incidents/:id/messages", may(auth.ActionMessage), (*Server).listMessages},
	{http.MethodPost, "/api/incidents/:id/messages", may(auth.ActionMessage), (*Server).sendMessage},
	{http.MethodPost, "/api/incidents/:id/messages/:message/kept", may(auth.ActionMessage), (*Server).keepPromise},
	{http.MethodGet, "/api/reports", may(auth.ActionCreateIncident), (*Server).listReports},
	{http.MethodPost, "/api/reports", may(auth.ActionReport), (*Server).createReport},
	{http.MethodPost, "/api/reports/candidates", may(auth.ActionCreateIncident), (*Server).listCandidates},
	{http.MethodPost, "/api/reports/caller", may(auth.ActionCreateIncident), (*Server).listCallerReports},
	{http.MethodPost, "/api/reports/:id/moves", may(auth.ActionCreateIncident), (*Server).moveReport},
	{http.MethodPost, "/api/citizen/reports", public, (*Server).createCitizenReport},
	{http.MethodPost, "/api/citizen/reports/track", public, (*Server).trackCitizenReport},

	{http.MethodGet, "/api/tasks", may(auth.ActionWorkTask), (*Server).listMyTasks},
	{http.MethodGet, "/api/tasks/:id", may(auth.ActionRead), (*Server).getTask},
	{http.MethodPost, "/api/tasks/:id/moves", may(auth.ActionWorkTask, auth.ActionDispatch), (*Server).moveTask},
	{http.MethodPost, "/api/attachments", may(auth.ActionAttach), (*Server).beginAttachment},
	{http.MethodPatch, "/api/attachments/:id", may(auth.ActionAttach), (*Server).appendAttachment},
	{http.MethodGet, "/api/attachments/:id", may(auth.ActionRead), (*Server).getAttachment},
	{http.MethodPost, "/api/positions", may(auth.ActionWorkTask), (*Server).sharePosition},
	{http.MethodDelete, "/api/positions", may(auth.ActionWorkTask), (*Server).stopSharing},
	{http.MethodGet, "/api/units", may(auth.ActionRead), (*Server).listUnits},

	{http.MethodPost, "/api/intake/cap", may(auth.ActionIntake), (*Server).takeCAP},
	{http.MethodGet, "/api/alerts", may(auth.ActionRead), (*Server).listAlerts},

	{http.MethodGet, "/api/review", may(auth.ActionRead), (*Server).getReview},
	{http.MethodGet, "/api/timeline", may(auth.ActionRead), (*Server).getTimeline},
	{http.MethodGet, "/api/replays", may(auth.ActionRead), (*Server).listReplays},
	{http.MethodPost, "/api/replays", may(auth.ActionReplay), (*Server).createReplay},
	{http.MethodGet, "/api/replays/:id", may(auth.ActionRead), (*Server).getReplay},
	{http.MethodPut, "/api/replays/:id", may(auth.ActionReplay), (*Server).moveReplay},
	{http.MethodDelete, "/api/replays/:id", may(auth.ActionReplay), (*Server).deleteReplay},

	{http.MethodGet, "/api/users", may(auth.ActionManageUsers), (*Server).listUsers},
	{http.MethodPost, "/api/users", may(auth.ActionManageUsers), (*Server).createUser},
	{http.MethodPut, "/api/users/:id", may(auth.ActionManageUsers), (*Server).updateUser},
	{http.MethodGet, "/api/tokens", may(auth.ActionManageTokens), (*Server).listTokens},
	{http.MethodPost, "/api/tokens", may(auth.ActionManageTokens), (*Server).createToken},
	{http.MethodDelete, "/api/tokens/:id", may(auth.ActionManageTokens), (*Server).revokeToken},
	{http.MethodGet, "/api/bookmarks", may(auth.ActionRead), (*Server).listBookmarks},
	{http.MethodPost, "/api/bookmarks", may(auth.ActionReplay), (*Server).createBookmark},
	{http.MethodDelete, "/api/bookmarks/:id", may(auth.ActionReplay), (*Server).deleteBookmark},
	{http.MethodGet, "/api/duty", may(auth.ActionRead), (*Server).getDuty},
	{http.MethodGet, "/api/shifts", may(auth.ActionManageRoster), (*Server).listShifts},
	{http.MethodPost, "/api/shifts", may(auth.ActionManageRoster), (*Server).createShift},
	{http.MethodGet, "/api/shifts/people", may(auth.ActionManageRoster), (*Server).listDutyPeople},
	{http.MethodPost, "/api/shifts/copies", may(auth.ActionManageRoster), (*Server).copyShifts},
	{http.MethodPut, "/api/shifts/:id", may(auth.ActionManageRoster), (*Server).updateShift},
	{http.MethodDelete, "/api/shifts/:id", may(auth.ActionManageRoster), (*Server).deleteShift},
	{http.MethodGet, "/api/handovers", may(auth.ActionHandover), (*Server).listHandovers},
	{http.MethodPost, "/api/handovers", may(auth.ActionHandover), (*Server).createHandover},
	{http.MethodGet, "/api/handovers/draft", may(auth.ActionHandover), (*Server).draftHandover},
	{http.MethodGet, "/api/handovers/:id", may(auth.ActionHandover), (*Server).getHandover},
	{http.MethodPost, "/api/handovers/:id/signature", may(auth.ActionHandover), (*Server).signHandover},
	{http.MethodGet, "/api/geofences", may(auth.ActionManageFences), (*Server).listGeofences},
	{http.MethodPost, "/api/geofences", may(auth.ActionManageFences), (*Server).createGeofence},
	{http.MethodPut, "/api/geofences/:id", may(auth.ActionManageFences), (*Server).updateGeofence},
	{http.MethodDelete, "/api/geofences/:id", may(auth.ActionManageFences), (*Server).deleteGeofence},
	{http.MethodGet, "/api/knowledge", may(auth.ActionCreateIncident), (*Server).searchKnowledge},
	{http.MethodPost, "/api/knowledge", may(auth.ActionKeepKnowledge), (*Server).createKnowledge},
	{http.MethodGet, "/api/knowledge/:id", may(auth.ActionCreateIncident), (*Server).getKnowledge},
	{http.MethodPut, "/api/knowledge/:id", may(auth.ActionKeepKnowledge), (*Server).updateKnowledge},
	{http.MethodDelete, "/api/knowledge/:id", may(auth.ActionKeepKnowledge), (*Server).deleteKnowledge},
	{http.MethodGet, "/api/webhooks", may(auth.ActionManageHooks), (*Server).listWebhooks},
	{http.MethodPost, "/api/webhooks", may(auth.ActionManageHooks), (*Server).createWebhook},
	{http.MethodPut, "/api/webhooks/:id", may(auth.ActionManageHooks), (*Server).pauseWebhook},
	{http.MethodDelete, "/api/webhooks/:id", may(auth.ActionManageHooks), (*Server).deleteWebhook},
	{http.MethodGet, "/api/webhooks/:id/dead", may(auth.ActionManageHooks), (*Server).listDeadEvents},
	{http.MethodPost, "/api/webhooks/:id/dead/:event", may(auth.ActionManageHooks), (*Server).resendDeadEvent},
	{http.MethodDelete, "/api/webhooks/:id/dead/:event", may(auth.ActionManageHooks), (*Server).buryDeadEvent},
	{http.MethodGet, "/api/timerules", may(auth.ActionRead), (*Server).getTimeRules},
	{http.MethodPut, "/api/timerules", may(auth.ActionManageRules), (*Server).setTimeRules},
	{http.MethodGet, "/api/audit", may(auth.ActionReadAudit), (*Server).listAudit},
	{http.MethodGet, "/api/openapi.yaml", public, (*Server).getOpenapi},

	{http.MethodGet, "/ogc", may(auth.ActionRead), features((*ogc.API).Landing)},
	{http.MethodGet, "/ogc/style.css", public, features((*ogc.API).Style)},
	{http.MethodGet, "/ogc/conformance", may(auth.ActionRead), features((*ogc.API).Conformance)},
	{http.MethodGet, "/ogc/functions", may(auth.ActionRead), features((*ogc.API).Functions)},
	{http.MethodGet, "/ogc/tileMatrixSets", may(auth.ActionRead), features((*ogc.API).MatrixSets)},
	{http.MethodGet, "/ogc/tileMatrixSets/:set", may(auth.ActionRead), features((*ogc.API).MatrixSet)},
	{http.MethodGet, "/ogc/collections", may(auth.ActionRead), features((*ogc.API).Collections)},
	{http.MethodGet, "/ogc/collections/:collection", may(auth.ActionRead), features((*ogc.API).Collection)},
	{http.MethodGet, "/ogc/collections/:collection/queryables", may(auth.ActionRead), features((*ogc.API).Queryables)},
	{http.MethodGet, "/ogc/collections/:collection/items", may(auth.ActionRead), features((*ogc.API).Items)},
	{http.MethodGet, "/ogc/collections/:collection/items/:feature", may(auth.ActionRead), features((*ogc.API).Item)},
	{http.MethodPost, "/ogc/collections/:collection/items", may(auth.ActionManageCameras, auth.ActionCreateIncident), features((*ogc.API).Create)},
	{http.MethodPut, "/ogc/collections/:collection/items/:feature", may(auth.ActionManageCameras), features((*ogc.API).Replace)},
	{http.MethodPatch, "/ogc/collections/:collection/items/:feature", may(auth.ActionManageCameras, auth.ActionMoveIncident), features((*ogc.API).Update)},
	{http.MethodDelete, "/ogc/collections/:collection/items/:feature", may(auth.ActionManageCameras), features((*ogc.API).Delete)},
	{http.MethodOptions, "/ogc/collections/:collection/items", may(auth.ActionRead), features((*ogc.API).ItemsOptions)},
	{http.MethodOptions, "/ogc/collections/:collection/items/:feature", may(auth.ActionRead), features((*ogc.API).ItemOptions)},
	{http.MethodGet, "/ogc/collections/:collection/download", may(auth.ActionRead), features((*ogc.API).Download)},
	{http.MethodGet, "/ogc/collections/:collection/tiles", may(auth.ActionRead), features((*ogc.API).Tilesets)},
	{http.MethodGet, "/ogc/collections/:collection/tiles/:set", may(auth.ActionRead), features((*ogc.API).Tileset)},

	{http.MethodGet, "/tiles/:source", may(auth.ActionRead), (*Server).getTileJSON},
	{http.MethodGet, "/tiles/:source/:z/:x/:y", may(auth.ActionRead), (*Server).getTile},
	{http.MethodGet, "/tilesets/:name/*", may(auth.ActionRead), (*Server).getTilesetFile},
	{http.MethodGet, "/styles/:file", may(auth.ActionRead), (*Server).getStyle},
	{http.MethodGet, "/fonts/:stack/:range", may(auth.ActionRead), (*Server).getGlyphs},
	{http.MethodGet, "/sprites/:file", may(auth.ActionRead), (*Server).getSprite},
	{http.MethodGet, "/archives/:file", may(auth.ActionRead), (*Server).getArchive},
	{http.MethodGet, "/live", public, (*Server).getLive}, // says 4401 itself: browsers cannot read a refused handshake

	{http.MethodGet, "/healthz", public, (*Server).healthz},
	{http.MethodGet, "/readyz", public, (*Server).readyz},
	{http.MethodGet, "/metrics", access{local: true, any: []auth.Action{auth.ActionManageUsers}}, (*Server).getMetrics},

	{http.MethodGet, "/", public, (*Server).getConsole},
	{http.MethodGet, "/*", public, (*Server).getConsole},
}

// features returns a handler of the OGC API as one of the server.
func features(handle func(*ogc.API, echo.Context) error) func(*Server, echo.Context) error {
	return func(s *Server, c echo.Context) error { return handle(s.ogc, c) }
}

// profileRoutes exist only with Options.Profile.
var profileRoutes = []route{
	{http.MethodGet, "/debug/pprof/*", access{local: true, any: []auth.Action{auth.ActionManageUsers}}, (*Server).getProfile},
}

// router returns the routes behind the middleware that all of them share, outermost first.
func (s *Server) router(o Options) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.handleError
	e.IPExtractor = addresses(o.TrustedProxies)
	e.Use(s.observe, s.recoverPanic, s.secureHeaders, s.refuseCrossOrigin, s.limitTime, s.identify, compress())
	table := routes
	if o.Profile {
		table = append(table[:len(table):len(table)], profileRoutes...)
	}
	for _, r := range table {
		e.Add(r.method, r.path, s.authorize(r))
	}
	return e
}

// authorize is the first question of rights: may this caller use this route at all?
func (s *Server) authorize(r route) echo.HandlerFunc {
	return func(c echo.Context) error {
		actor := auth.ActorFrom(c.Request().Context())
		err := r.access.check(actor, fromHere(c))
		if layers.ErrorCode(err) == layers.CodeUnauthorized {
			challenge(c)
		}
		if layers.ErrorCode(err) == layers.CodeUnauthorized && identifyError(c) != nil {
			err = identifyError(c) // there may be a session: not the time to log anybody out
		}
		if err == nil {
			err = r.handle(s, c)
		}
		if layers.ErrorCode(err) == layers.CodeForbidden && actor.User.ID != 0 {
			s.audit(c, auth.AuditEntry{UserID: actor.User.ID, Login: actor.User.Login, Action: "request.refuse", Subject: r.method + " " + c.Request().URL.Path})
		}
		return err
	}
}

func (a access) check(actor *auth.Actor, here bool) error {
	switch {
	case a.public, a.local && here:
		return nil
	case actor.User.ID == 0:
		return layers.Errorf(layers.CodeUnauthorized, "this needs a session")
	case len(a.any) == 0:
		return nil
	}
	for _, action := range a.any {
		if actor.Scope.May(action) {
			return nil
		}
	}
	return layers.Errorf(layers.CodeForbidden, "this account may not do that")
}
