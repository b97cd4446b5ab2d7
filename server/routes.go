package server

import (
	"net/http"

	"github.com/labstack/echo/v4"
	tus "github.com/tus/tusd/v2/pkg/handler"

	"wanglou/layers"
	"wanglou/layers/auth"
	"wanglou/server/ogc"
)

// access says who may use a route. The zero value is everybody who is signed in.
type access struct {
	public bool          // everybody
	local  bool          // besides, whoever asks from this machine
	any    []auth.Action // the scope has to allow one of them
	person bool          // not the screens that a kiosk token opened: they look, and keep nothing
}

var (
	public   = access{public: true}
	signedIn = access{}
)

func may(any ...auth.Action) access { return access{any: any} }

// byPerson is a for people alone.
func (a access) byPerson() access { a.person = true; return a }

// route is one line of the table of routes.
type route struct {
	method string
	path   string
	access access
	handle func(*Server, echo.Context) error
}

// watchRoute is answered by a websocket.
const watchRoute = "/api/cameras/:id/live"

// whepRoute answers offers of WebRTC.
const whepRoute = "/api/cameras/:id/whep"

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
	{http.MethodPost, "/api/categories", may(auth.ActionManageRules), (*Server).createCategory},
	{http.MethodPut, "/api/categories/:id", may(auth.ActionManageRules), (*Server).updateCategory},
	{http.MethodGet, "/api/layers/:layer/features", may(auth.ActionRead), (*Server).listFeatures},
	{http.MethodGet, "/api/layers/:layer/features/:id", may(auth.ActionRead), (*Server).getFeature},
	{http.MethodGet, "/api/cameras/seeing", may(auth.ActionRead), (*Server).listSeeing},
	{http.MethodGet, "/api/cameras/coverage", may(auth.ActionRead), (*Server).listCoverage},
	{http.MethodGet, "/api/cameras/coverage/:z/:x/:y", may(auth.ActionRead), (*Server).getCoverageTile},
	{http.MethodGet, "/api/cameras/:id/sector", may(auth.ActionRead), (*Server).getSector},
	{http.MethodGet, watchRoute, may(auth.ActionWatch), (*Server).watchCamera},
	{http.MethodGet, "/api/cameras/:id/snapshot", may(auth.ActionWatch), (*Server).getSnapshot},
	{http.MethodPost, whepRoute, may(auth.ActionWatch), (*Server).createWHEP},
	{http.MethodDelete, whepRoute + "/:session", may(auth.ActionWatch), (*Server).deleteWHEP},
	{http.MethodGet, "/api/cameras/:id/control", may(auth.ActionWatch), (*Server).getControl},
	{http.MethodPost, "/api/cameras/:id/control", may(auth.ActionDispatch), (*Server).controlCamera},
	{http.MethodPost, hlsRoute, may(auth.ActionWatch), (*Server).createHLS},
	{http.MethodGet, hlsPieces, may(auth.ActionWatch), (*Server).getHLS},
	{http.MethodDelete, hlsRoute + "/:session", may(auth.ActionWatch), (*Server).deleteHLS},
	{http.MethodGet, "/api/cameras/:id/masks", may(auth.ActionWatch), (*Server).getMasks},
	{http.MethodPut, "/api/cameras/:id/masks", may(auth.ActionManageCameras), (*Server).setMasks},
	{http.MethodGet, "/api/cameras/:id/presets", may(auth.ActionRead), (*Server).getPresets},
	{http.MethodPut, "/api/cameras/:id/presets", may(auth.ActionManageCameras), (*Server).setPresets},
	{http.MethodGet, eventsRoute, may(auth.ActionRead), (*Server).getEvents},
	{http.MethodGet, "/api/search", may(auth.ActionRead), (*Server).search},
	{http.MethodGet, "/api/statistics", may(auth.ActionRead), (*Server).getStatistics},
	{http.MethodGet, "/api/statistics/areas", may(auth.ActionRead), (*Server).listAreaFigures},
	{http.MethodGet, "/api/statistics/cases", may(auth.ActionRead), (*Server).listBehind},
	{http.MethodGet, "/api/statistics/parts", may(auth.ActionRead), (*Server).listParts},
	{http.MethodGet, "/api/statistics/multiples", may(auth.ActionRead), (*Server).listMultiples},
	{http.MethodGet, "/api/statistics/flows", may(auth.ActionRead), (*Server).listFlows},
	{http.MethodGet, "/api/statistics/flows/cases", may(auth.ActionRead), (*Server).listBehindFlow},
	{http.MethodGet, "/api/statistics/heat", may(auth.ActionRead), (*Server).getHeat},
	{http.MethodGet, "/api/statistics/outlines", may(auth.ActionRead), (*Server).getOutlines},

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

	{http.MethodPost, "/api/incidents/:id/alarm", may(auth.ActionDispatch), (*Server).acknowledgeAlarm},
	{http.MethodPost, "/api/incidents/:id/joint", may(auth.ActionDispatch), (*Server).dispatchJoint},
	{http.MethodGet, "/api/incidents/:id/flow", may(auth.ActionRead), (*Server).getCaseFlow},
	{http.MethodPost, "/api/incidents/:id/requests", may(auth.ActionWorkTask, auth.ActionDispatch, auth.ActionSupervise), (*Server).askRequest},
	{http.MethodPost, "/api/incidents/:id/requests/:request/moves", may(auth.ActionWorkTask, auth.ActionDispatch, auth.ActionSupervise), (*Server).moveRequest},
	{http.MethodPost, "/api/incidents/:id/urges", may(auth.ActionDispatch, auth.ActionSupervise), (*Server).urgeIncident},
	{http.MethodPost, "/api/incidents/:id/hops", may(auth.ActionMoveIncident), (*Server).hopIncident},
	{http.MethodPost, "/api/incidents/:id/steps/:step", may(auth.ActionWorkTask, auth.ActionDispatch), (*Server).tickStep},
	{http.MethodGet, "/api/requests", may(auth.ActionRead), (*Server).listRequests},
	{http.MethodGet, "/api/plans", may(auth.ActionRead), (*Server).listPlans},
	{http.MethodPost, "/api/plans", may(auth.ActionManageRules), (*Server).createPlan},
	{http.MethodPut, "/api/plans/:id", may(auth.ActionManageRules), (*Server).updatePlan},
	{http.MethodPost, "/api/plans/:id/moves", may(auth.ActionManageRules), (*Server).movePlan},
	{http.MethodGet, "/api/incidents/:id/messages", may(auth.ActionMessage), (*Server).listMessages},
	{http.MethodPost, "/api/incidents/:id/messages", may(auth.ActionMessage), (*Server).sendMessage},
	{http.MethodPost, "/api/incidents/:id/messages/:message/kept", may(auth.ActionMessage), (*Server).keepPromise},
	{http.MethodGet, "/api/reports", may(auth.ActionCreateIncident), (*Server).listReports},
	{http.MethodPost, "/api/reports", may(auth.ActionReport), (*Server).createReport},
	{http.MethodPost, "/api/reports/candidates", may(auth.ActionCreateIncident), (*Server).listCandidates},
	{http.MethodPost, "/api/reports/caller", may(auth.ActionCreateIncident), (*Server).listCallerReports},
	{http.MethodPost, "/api/reports/:id/moves", may(auth.ActionCreateIncident), (*Server).moveReport},
	{http.MethodPost, "/api/citizen/reports", public, (*Server).createCitizenReport},
	{http.MethodPost, "/api/citizen/pictures", public, (*Server).addCitizenPicture},
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
	{http.MethodPost, "/api/intake/alarms", may(auth.ActionIntake), (*Server).takeAlarm},
	{http.MethodGet, "/api/intake/alarms/kinds", may(auth.ActionRead, auth.ActionIntake), (*Server).listAlarmKinds},
	{http.MethodPost, "/api/intake/alarms/kinds", may(auth.ActionManageRules), (*Server).createAlarmKind},
	{http.MethodPut, "/api/intake/alarms/kinds/:id", may(auth.ActionManageRules), (*Server).updateAlarmKind},
	{http.MethodGet, "/api/alerts", may(auth.ActionRead), (*Server).listAlerts},

	{http.MethodGet, "/api/detections", may(auth.ActionRead), (*Server).listDetections},
	{http.MethodGet, "/api/detections/precision", may(auth.ActionRead), (*Server).listPrecisions},
	{http.MethodGet, "/api/detections/training", may(auth.ActionReview), (*Server).getTraining},
	{http.MethodGet, "/api/detections/:id", may(auth.ActionRead), (*Server).getDetection},
	{http.MethodGet, "/api/detections/:id/evidence", may(auth.ActionReview), (*Server).getDossier},
	{http.MethodGet, "/api/detections/:id/pictures/:which", may(auth.ActionRead), (*Server).getDetectionPicture},
	{http.MethodPost, "/api/detections/:id/moves", may(auth.ActionReview, auth.ActionWorkTask), (*Server).moveDetection},
	{http.MethodPut, "/api/detections/:id/outline", may(auth.ActionReview), (*Server).redrawDetection},
	{http.MethodPost, "/api/detections/:id/flights", may(auth.ActionReview), (*Server).flyDetection},
	{http.MethodPost, "/api/detections/:id/merge", may(auth.ActionReview), (*Server).mergeDetections},
	{http.MethodPost, "/api/detections/:id/split", may(auth.ActionReview), (*Server).splitDetection},
	{http.MethodPost, "/api/captures/:id/detections", may(auth.ActionDetect), (*Server).takeDetections},
	{http.MethodPost, "/api/captures/:id/comparisons", may(auth.ActionDetect), (*Server).compareCaptures},
	{http.MethodPost, "/api/captures/:id/detectors", may(auth.ActionDetect), (*Server).detectOnCapture},
	{http.MethodGet, "/api/detectors", may(auth.ActionDetect), (*Server).listDetectors},
	{http.MethodPost, "/api/detectors/:folder/checks", may(auth.ActionDetect), (*Server).checkDetector},
	{http.MethodPost, "/api/captures/:id/profiles", may(auth.ActionRead), (*Server).profileCaptures},
	{http.MethodPost, "/api/captures/:id/volumes", may(auth.ActionRead), (*Server).measureEarthwork},
	{http.MethodGet, "/api/flights", may(auth.ActionRead), (*Server).getFlights},
	{http.MethodGet, "/api/flights/orders", may(auth.ActionRead), (*Server).listFlightOrders},
	{http.MethodPost, "/api/flights/orders", may(auth.ActionDispatch), (*Server).createFlightOrder},
	{http.MethodGet, "/api/plots/:layer", may(auth.ActionRead), (*Server).listPlots},
	{http.MethodPost, plotFilesRoute, may(auth.ActionManageRules), (*Server).importPlots},
	{http.MethodPost, "/api/plots/:layer", may(auth.ActionManageRules), (*Server).drawZone},
	{http.MethodGet, "/api/plots/:layer/:id", may(auth.ActionRead), (*Server).getPlot},
	{http.MethodPut, "/api/plots/:layer/:id", may(auth.ActionManageRules), (*Server).changePlot},
	{http.MethodDelete, "/api/plots/:layer/:id", may(auth.ActionManageRules), (*Server).deletePlot},
	{http.MethodGet, "/api/pairrules", may(auth.ActionRead), (*Server).getPairRules},
	{http.MethodPut, "/api/pairrules", may(auth.ActionManageRules), (*Server).setPairRules},
	{http.MethodGet, uploadsRoute, may(auth.ActionUploadCapture), (*Server).listUploads},
	{http.MethodPost, uploadsRoute, may(auth.ActionUploadCapture), tusRoute(func(h *tus.UnroutedHandler) http.HandlerFunc { return h.PostFile }, http.MethodPost)},
	{http.MethodGet, uploadsRoute + "/:id", may(auth.ActionUploadCapture), tusRoute(func(h *tus.UnroutedHandler) http.HandlerFunc { return h.HeadFile }, http.MethodHead)},
	{http.MethodPatch, uploadsRoute + "/:id", may(auth.ActionUploadCapture), tusRoute(func(h *tus.UnroutedHandler) http.HandlerFunc { return h.PatchFile }, http.MethodPatch)},
	{http.MethodDelete, uploadsRoute + "/:id", may(auth.ActionUploadCapture), tusRoute(func(h *tus.UnroutedHandler) http.HandlerFunc { return h.DelFile }, http.MethodDelete)},
	{http.MethodGet, "/api/ingests", may(auth.ActionUploadCapture), (*Server).listIngests},
	{http.MethodPost, "/api/ingests", may(auth.ActionUploadCapture), (*Server).createIngest},
	{http.MethodGet, "/api/ingests/:id", may(auth.ActionUploadCapture), (*Server).getIngest},
	{http.MethodPost, "/api/ingests/:id/answers", may(auth.ActionUploadCapture), (*Server).answerIngest},
	{http.MethodGet, "/api/captures", may(auth.ActionRead), (*Server).listCaptures},
	{http.MethodGet, "/api/captures/:id", may(auth.ActionRead), (*Server).getCapture},
	{http.MethodGet, "/api/captures/:id/files/:kind", may(auth.ActionRead), (*Server).getCaptureFile},
	{http.MethodGet, "/api/captures/:id/offset", may(auth.ActionRead), (*Server).getCaptureOffset},
	{http.MethodPost, "/api/captures/:id/withdrawal", may(auth.ActionUploadCapture), (*Server).withdrawCapture},
	{http.MethodGet, "/api/jobs", may(auth.ActionRead), (*Server).listJobs},
	{http.MethodGet, "/api/jobs/:id", may(auth.ActionRead), getJob},
	{http.MethodDelete, "/api/jobs/:id", may(auth.ActionUploadCapture, auth.ActionManageJobs), cancelJob},
	{http.MethodPost, "/api/jobs/:id/retry", may(auth.ActionUploadCapture, auth.ActionManageJobs), retryJob},
	{http.MethodGet, "/stac", may(auth.ActionRead), (*Server).getStac},
	{http.MethodGet, "/stac/collections", may(auth.ActionRead), (*Server).listStacCollections},
	{http.MethodGet, "/stac/collections/:collection", may(auth.ActionRead), (*Server).getStacCollection},
	{http.MethodGet, "/stac/collections/:collection/items", may(auth.ActionRead), (*Server).listStacItems},
	{http.MethodGet, "/stac/collections/:collection/items/:id", may(auth.ActionRead), (*Server).getStacItem},
	{http.MethodGet, "/wmts", may(auth.ActionRead), (*Server).getWMTS},

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
	{http.MethodGet, "/api/roles", may(auth.ActionManageUsers, auth.ActionManageRoles), (*Server).listRoles},
	{http.MethodPost, "/api/roles", may(auth.ActionManageRoles), (*Server).createRole},
	{http.MethodPut, "/api/roles/:name", may(auth.ActionManageRoles), (*Server).updateRole},
	{http.MethodDelete, "/api/roles/:name", may(auth.ActionManageRoles), (*Server).removeRole},
	{http.MethodGet, "/api/tokens", may(auth.ActionManageTokens), (*Server).listTokens},
	{http.MethodPost, "/api/tokens", may(auth.ActionManageTokens), (*Server).createToken},
	{http.MethodDelete, "/api/tokens/:id", may(auth.ActionManageTokens), (*Server).revokeToken},
	{http.MethodGet, "/api/gb28181/devices", may(auth.ActionManageCameras), (*Server).listDevices},
	{http.MethodGet, "/api/gb28181/devices/:device/about", may(auth.ActionManageCameras), (*Server).askDevice},
	{http.MethodGet, "/api/event-sources", may(auth.ActionManageCameras), (*Server).listEventSources},
	{http.MethodPost, "/api/event-sources", may(auth.ActionManageCameras), (*Server).createEventSource},
	{http.MethodPut, "/api/event-sources/:id", may(auth.ActionManageCameras), (*Server).replaceEventSource},
	{http.MethodDelete, "/api/event-sources/:id", may(auth.ActionManageCameras), (*Server).deleteEventSource},
	{http.MethodPost, "/api/event-sources/:id/trial", may(auth.ActionManageCameras), (*Server).tryEventSource},
	{http.MethodGet, "/api/event-kinds", may(auth.ActionManageCameras), (*Server).listEventKinds},
	{http.MethodPut, "/api/event-kinds", may(auth.ActionManageRules), (*Server).setEventKind},
	{http.MethodGet, "/api/devices", may(auth.ActionManageCameras), (*Server).listParents},
	{http.MethodPost, "/api/devices", may(auth.ActionManageCameras), (*Server).createParent},
	{http.MethodPut, "/api/devices/:id", may(auth.ActionManageCameras), (*Server).replaceParent},
	{http.MethodDelete, "/api/devices/:id", may(auth.ActionManageCameras), (*Server).deleteParent},
	{http.MethodGet, "/api/devices/cameras", may(auth.ActionManageCameras), (*Server).listHanging},
	{http.MethodPut, "/api/devices/cameras", may(auth.ActionManageCameras), (*Server).hangCameras},
	{http.MethodPost, "/api/devices/import", may(auth.ActionManageCameras), (*Server).importParents},
	{http.MethodPost, "/api/cameras/import", may(auth.ActionManageCameras), (*Server).importCameras},
	{http.MethodGet, "/api/cameras/export", may(auth.ActionManageCameras), (*Server).exportCameras},
	{http.MethodGet, "/api/cameras/repair", may(auth.ActionRead), (*Server).getRepairs},
	{http.MethodGet, "/api/markings", may(auth.ActionRead), (*Server).listMarkings},
	{http.MethodPost, "/api/markings", may(auth.ActionDraw), (*Server).drawMarking},
	{http.MethodPost, "/api/markings/steps", may(auth.ActionDraw), (*Server).stepMarkings},
	{http.MethodPut, "/api/markings/:id", may(auth.ActionDraw), (*Server).changeMarking},
	{http.MethodDelete, "/api/markings/:id", may(auth.ActionDraw), (*Server).removeMarking},
	{http.MethodGet, "/api/markings/:id/acts", may(auth.ActionRead), (*Server).listMarkingActs},
	{http.MethodGet, "/api/bookmarks", may(auth.ActionRead), (*Server).listBookmarks},
	{http.MethodPost, "/api/prints", may(auth.ActionRead), (*Server).recordPrint},
	{http.MethodPost, "/api/bookmarks", may(auth.ActionReplay), (*Server).createBookmark},
	{http.MethodDelete, "/api/bookmarks/:id", may(auth.ActionReplay), (*Server).deleteBookmark},
	{http.MethodGet, "/api/patrols", may(auth.ActionWatch), (*Server).listPatrols},
	{http.MethodPost, "/api/patrols", may(auth.ActionWatch).byPerson(), (*Server).createPatrol},
	{http.MethodPut, "/api/patrols/:id", may(auth.ActionWatch).byPerson(), (*Server).updatePatrol},
	{http.MethodDelete, "/api/patrols/:id", may(auth.ActionWatch).byPerson(), (*Server).deletePatrol},
	{http.MethodGet, "/api/walls", may(auth.ActionRead), (*Server).listWalls},
	{http.MethodPost, "/api/walls", may(auth.ActionShowWalls), (*Server).createWall},
	{http.MethodGet, "/api/walls/:id", may(auth.ActionRead), (*Server).getWall},
	{http.MethodPut, "/api/walls/:id", may(auth.ActionShowWalls), (*Server).updateWall},
	{http.MethodDelete, "/api/walls/:id", may(auth.ActionShowWalls), (*Server).deleteWall},
	{http.MethodPost, "/api/walls/:id/commands", may(auth.ActionShowWalls), (*Server).commandWall},
	{http.MethodGet, wallRoute, may(auth.ActionRead), (*Server).showWall},
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
	{http.MethodGet, "/api/board", may(auth.ActionDispatch, auth.ActionSupervise), (*Server).listWatched},
	{http.MethodGet, "/api/push", may(auth.ActionMessage), (*Server).getPush},
	{http.MethodPost, "/api/push", may(auth.ActionMessage), (*Server).subscribePush},
	{http.MethodDelete, "/api/push/:id", may(auth.ActionMessage), (*Server).unsubscribePush},
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
	case a.person && actor.Scope.Scene != "":
		return layers.Errorf(layers.CodeForbidden, "a wall keeps nothing")
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
