package server

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"
	"go.yaml.in/yaml/v3"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// bare is a server that is only looked at.
func bare() *Server {
	return New(Options{Replica: layers.NewReplica(layers.ReplicaOptions{}), Profile: true})
}

func TestEveryRouteIsDeclared(t *testing.T) {
	t.Parallel()
	declared := map[string]access{}
	for _, r := range append(slices.Clone(routes), profileRoutes...) {
		declared[r.method+" "+r.path] = r.access
	}
	found := 0
	for _, r := range bare().echo.Routes() {
		if r.Method == echo.RouteNotFound {
			continue
		}
		found++
		a, ok := declared[r.Method+" "+r.Path]
		if !ok {
			t.Errorf("%s %s is served, but nothing says who may use it", r.Method, r.Path)
		}
		if r.Method != http.MethodGet && a.public && r.Path != "/api/session" && !strings.HasPrefix(r.Path, "/api/citizen/") && r.Path != "/api/session/kiosk" {
			t.Errorf("%s %s changes something and is public", r.Method, r.Path)
		}
	}
	if found != len(declared) {
		t.Errorf("%d routes served, %d declared", found, len(declared))
	}
}

// inPath finds echo's form of a path parameter.
var inPath = regexp.MustCompile(`:(\w+)`)

func TestRoutesAndContractAgree(t *testing.T) {
	t.Parallel()
	var spec struct {
		Security []any                                `yaml:"security"`
		Paths    map[string]map[string]map[string]any `yaml:"paths"`
	}
	if err := yaml.Unmarshal(Spec, &spec); err != nil {
		t.Fatal(err)
	}
	if len(spec.Security) == 0 {
		t.Error("the contract asks for no session by default")
	}
	ids := map[any]bool{}
	contract := map[string]bool{} // public?
	for path, methods := range spec.Paths {
		for method, op := range methods {
			security, own := op["security"].([]any)
			contract[strings.ToUpper(method)+" "+path] = own && len(security) == 0
			if id := op["operationId"]; id == nil || ids[id] {
				t.Errorf("%s %s has operationId %v, which is not its own", method, path, id)
			} else {
				ids[id] = true
			}
		}
	}
	for _, r := range routes {
		if strings.HasSuffix(r.path, "*") && r.path != "/tilesets/:name/*" || r.path == "/" {
			continue // the console's files
		}
		name := r.method + " " + inPath.ReplaceAllString(strings.Replace(r.path, "*", ":path", 1), "{$1}")
		public, ok := contract[name]
		switch {
		case !ok:
			t.Errorf("%s is served and not in the contract", name)
		case public != r.access.public && r.path != "/live": // which tells by a close code
			t.Errorf("%s is public: %v by the contract, %v by the table", name, public, r.access.public)
		}
		delete(contract, name)
	}
	for name := range contract {
		t.Errorf("%s is in the contract and not served", name)
	}
}

// Who may use which route, by role: a change of rights shows here.
func TestAccessByRole(t *testing.T) {
	t.Parallel()
	read := []auth.Role{auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleUnit, auth.RoleDroneTeam, auth.RoleSupervisor, auth.RoleAdmin}
	replay := []auth.Role{auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin}
	desk := []auth.Role{auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin}
	talk := []auth.Role{auth.RoleDuty, auth.RoleDispatcher, auth.RoleUnit, auth.RoleAdmin}
	ask := []auth.Role{auth.RoleDuty, auth.RoleDispatcher, auth.RoleUnit, auth.RoleSupervisor, auth.RoleAdmin}
	want := map[string][]auth.Role{
		"POST /api/incidents":                                {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/incidents/:id/moves":                      {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/incidents/:id/tasks":                      {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/incidents/:id/joint":                      desk,
		"POST /api/incidents/:id/requests":                   ask,
		"POST /api/incidents/:id/requests/:request/moves":    ask,
		"POST /api/incidents/:id/urges":                      {auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"POST /api/incidents/:id/hops":                       {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/incidents/:id/steps/:step":                talk,
		"POST /api/plans":                                    {auth.RoleAdmin},
		"PUT /api/plans/:id":                                 {auth.RoleAdmin},
		"POST /api/plans/:id/moves":                          {auth.RoleAdmin},
		"GET /api/incidents/:id/messages":                    talk,
		"POST /api/incidents/:id/messages":                   talk,
		"POST /api/incidents/:id/messages/:message/kept":     talk,
		"POST /api/incidents/:id/alarm":                      desk,
		"PATCH /api/incidents/:id":                           {auth.RoleDuty, auth.RoleAdmin},
		"GET /api/incidents/:id/candidates":                  {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/incidents/:id/merge":                      {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/incidents/:id/unmerge":                    {auth.RoleDuty, auth.RoleAdmin},
		"GET /api/reports":                                   {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/reports":                                  {auth.RoleDuty, auth.RoleDispatcher, auth.RoleUnit, auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/reports/candidates":                       {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/reports/caller":                           {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/reports/:id/moves":                        {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"GET /api/cameras/:id/live":                          {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"GET /api/gb28181/devices":                           {auth.RoleAdmin},
		"GET /api/gb28181/devices/:device/about":             {auth.RoleAdmin},
		"GET /api/cameras/:id/control":                       {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"POST /api/cameras/:id/control":                      {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/cameras/:id/hls":                          {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"GET /api/cameras/:id/hls/:session/:piece":           {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"DELETE /api/cameras/:id/hls/:session":               {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"GET /api/cameras/:id/snapshot":                      {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"GET /api/patrols":                                   {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"POST /api/patrols":                                  {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"PUT /api/patrols/:id":                               {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"DELETE /api/patrols/:id":                            {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"POST /api/cameras/:id/whep":                         {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"DELETE /api/cameras/:id/whep/:session":              {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"GET /api/cameras/:id/masks":                         {auth.RoleViewer, auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"PUT /api/cameras/:id/masks":                         {auth.RoleAdmin},
		"PUT /api/cameras/:id/presets":                       {auth.RoleAdmin},
		"GET /api/tasks":                                     {auth.RoleUnit},
		"POST /api/tasks/:id/moves":                          {auth.RoleDuty, auth.RoleDispatcher, auth.RoleUnit, auth.RoleAdmin},
		"POST /api/attachments":                              {auth.RoleDuty, auth.RoleDispatcher, auth.RoleUnit, auth.RoleAdmin},
		"PATCH /api/attachments/:id":                         {auth.RoleDuty, auth.RoleDispatcher, auth.RoleUnit, auth.RoleAdmin},
		"POST /api/positions":                                {auth.RoleUnit},
		"DELETE /api/positions":                              {auth.RoleUnit},
		"POST /api/replays":                                  replay,
		"PUT /api/replays/:id":                               replay,
		"DELETE /api/replays/:id":                            replay,
		"POST /ogc/collections/:collection/items":            {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"PUT /ogc/collections/:collection/items/:feature":    {auth.RoleAdmin},
		"PATCH /ogc/collections/:collection/items/:feature":  {auth.RoleDuty, auth.RoleAdmin},
		"DELETE /ogc/collections/:collection/items/:feature": {auth.RoleAdmin},
		"GET /api/users":                                     {auth.RoleAdmin},
		"POST /api/users":                                    {auth.RoleAdmin},
		"PUT /api/users/:id":                                 {auth.RoleAdmin},
		"GET /api/roles":                                     {auth.RoleAdmin},
		"POST /api/roles":                                    {auth.RoleAdmin},
		"PUT /api/roles/:name":                               {auth.RoleAdmin},
		"DELETE /api/roles/:name":                            {auth.RoleAdmin},
		"POST /api/categories":                               {auth.RoleAdmin},
		"PUT /api/categories/:id":                            {auth.RoleAdmin},
		"POST /api/intake/alarms/kinds":                      {auth.RoleAdmin},
		"PUT /api/intake/alarms/kinds/:id":                   {auth.RoleAdmin},
		"POST /api/flights/orders":                           {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/plots/:layer/files":                       {auth.RoleAdmin},
		"POST /api/plots/:layer":                             {auth.RoleAdmin},
		"PUT /api/plots/:layer/:id":                          {auth.RoleAdmin},
		"DELETE /api/plots/:layer/:id":                       {auth.RoleAdmin},
		"PUT /api/pairrules":                                 {auth.RoleAdmin},
		"PUT /api/timerules":                                 {auth.RoleAdmin},
		"GET /api/audit":                                     {auth.RoleAdmin},
		"POST /api/intake/alarms":                            {auth.RoleAdmin},
		"POST /api/intake/cap":                               {auth.RoleAdmin},
		"GET /api/uploads":                                   {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/uploads":                                  {auth.RoleDroneTeam, auth.RoleAdmin},
		"GET /api/uploads/:id":                               {auth.RoleDroneTeam, auth.RoleAdmin},
		"PATCH /api/uploads/:id":                             {auth.RoleDroneTeam, auth.RoleAdmin},
		"DELETE /api/uploads/:id":                            {auth.RoleDroneTeam, auth.RoleAdmin},
		"GET /api/ingests":                                   {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/ingests":                                  {auth.RoleDroneTeam, auth.RoleAdmin},
		"GET /api/ingests/:id":                               {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/ingests/:id/answers":                      {auth.RoleDroneTeam, auth.RoleAdmin},
		"GET /api/detections/training":                       {auth.RoleDuty, auth.RoleAdmin},
		"GET /api/detections/:id/evidence":                   {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/detections/:id/moves":                     {auth.RoleDuty, auth.RoleUnit, auth.RoleAdmin},
		"PUT /api/detections/:id/outline":                    {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/detections/:id/flights":                   {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/detections/:id/merge":                     {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/detections/:id/split":                     {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/captures/:id/detections":                  {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/captures/:id/comparisons":                 {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/captures/:id/detectors":                   {auth.RoleDroneTeam, auth.RoleAdmin},
		"GET /api/detectors":                                 {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/detectors/:folder/checks":                 {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/captures/:id/withdrawal":                  {auth.RoleDroneTeam, auth.RoleAdmin},
		"DELETE /api/jobs/:id":                               {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/jobs/:id/retry":                           {auth.RoleDroneTeam, auth.RoleAdmin},
		"POST /api/markings":                                 desk,
		"POST /api/markings/steps":                           desk,
		"PUT /api/markings/:id":                              desk,
		"DELETE /api/markings/:id":                           desk,
		"POST /api/bookmarks":                                replay,
		"DELETE /api/bookmarks/:id":                          replay,
		"POST /api/walls":                                    {auth.RoleDuty, auth.RoleAdmin},
		"PUT /api/walls/:id":                                 {auth.RoleDuty, auth.RoleAdmin},
		"DELETE /api/walls/:id":                              {auth.RoleDuty, auth.RoleAdmin},
		"POST /api/walls/:id/commands":                       {auth.RoleDuty, auth.RoleAdmin},
		"GET /api/shifts":                                    {auth.RoleAdmin, auth.RoleDuty},
		"POST /api/shifts":                                   {auth.RoleAdmin, auth.RoleDuty},
		"GET /api/shifts/people":                             {auth.RoleAdmin, auth.RoleDuty},
		"POST /api/shifts/copies":                            {auth.RoleAdmin, auth.RoleDuty},
		"PUT /api/shifts/:id":                                {auth.RoleAdmin, auth.RoleDuty},
		"DELETE /api/shifts/:id":                             {auth.RoleAdmin, auth.RoleDuty},
		"GET /api/handovers":                                 desk,
		"POST /api/handovers":                                desk,
		"GET /api/handovers/draft":                           desk,
		"GET /api/handovers/:id":                             desk,
		"POST /api/handovers/:id/signature":                  desk,
		"GET /api/geofences":                                 {auth.RoleAdmin, auth.RoleDuty},
		"POST /api/geofences":                                {auth.RoleAdmin, auth.RoleDuty},
		"PUT /api/geofences/:id":                             {auth.RoleAdmin, auth.RoleDuty},
		"DELETE /api/geofences/:id":                          {auth.RoleAdmin, auth.RoleDuty},
		"GET /api/knowledge":                                 {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"GET /api/knowledge/:id":                             {auth.RoleDuty, auth.RoleDispatcher, auth.RoleAdmin},
		"POST /api/knowledge":                                {auth.RoleAdmin},
		"PUT /api/knowledge/:id":                             {auth.RoleAdmin},
		"DELETE /api/knowledge/:id":                          {auth.RoleAdmin},
		"GET /api/event-sources":                             {auth.RoleAdmin},
		"POST /api/event-sources":                            {auth.RoleAdmin},
		"PUT /api/event-sources/:id":                         {auth.RoleAdmin},
		"DELETE /api/event-sources/:id":                      {auth.RoleAdmin},
		"POST /api/event-sources/:id/trial":                  {auth.RoleAdmin},
		"GET /api/event-kinds":                               {auth.RoleAdmin},
		"PUT /api/event-kinds":                               {auth.RoleAdmin},
		"GET /api/devices":                                   {auth.RoleAdmin},
		"POST /api/devices":                                  {auth.RoleAdmin},
		"PUT /api/devices/:id":                               {auth.RoleAdmin},
		"DELETE /api/devices/:id":                            {auth.RoleAdmin},
		"GET /api/devices/cameras":                           {auth.RoleAdmin},
		"PUT /api/devices/cameras":                           {auth.RoleAdmin},
		"POST /api/devices/import":                           {auth.RoleAdmin},
		"POST /api/cameras/import":                           {auth.RoleAdmin},
		"GET /api/cameras/export":                            {auth.RoleAdmin},
		"GET /api/webhooks":                                  {auth.RoleAdmin},
		"POST /api/webhooks":                                 {auth.RoleAdmin},
		"PUT /api/webhooks/:id":                              {auth.RoleAdmin},
		"DELETE /api/webhooks/:id":                           {auth.RoleAdmin},
		"GET /api/webhooks/:id/dead":                         {auth.RoleAdmin},
		"POST /api/webhooks/:id/dead/:event":                 {auth.RoleAdmin},
		"DELETE /api/webhooks/:id/dead/:event":               {auth.RoleAdmin},
		"GET /api/board":                                     {auth.RoleDuty, auth.RoleDispatcher, auth.RoleSupervisor, auth.RoleAdmin},
		"GET /api/push":                                      talk,
		"POST /api/push":                                     talk,
		"DELETE /api/push/:id":                               talk,
		"GET /metrics":                                       {auth.RoleAdmin},
		"GET /debug/pprof/*":                                 {auth.RoleAdmin},
	}
	for _, r := range append(slices.Clone(routes), profileRoutes...) {
		name := r.method + " " + r.path
		nobody := &auth.Actor{User: &auth.User{}, Scope: &auth.Scope{}}
		if err := r.access.check(nobody, false); (err == nil) != r.access.public || (err != nil && layers.ErrorCode(err) != layers.CodeUnauthorized) {
			t.Errorf("%s lets nobody in: %v", name, err)
		}
		for _, role := range auth.Roles {
			u := &auth.User{ID: 1, Roles: []auth.Role{role}}
			err := r.access.check(&auth.Actor{User: u, Scope: u.Scope()}, false)
			allowed := want[name]
			if allowed == nil {
				allowed = read
			}
			if (err == nil) != slices.Contains(allowed, role) && !r.access.public {
				t.Errorf("%s for %s: %v", name, role, err)
			}
		}
		u := &auth.User{ID: 1}
		err := r.access.check(&auth.Actor{User: u, Scope: u.Scope()}, false)
		if anybody := r.access.public || r.path == "/api/session"; (err == nil) != anybody {
			t.Errorf("%s for an account without roles: %v", name, err)
		}
	}
}

func TestOnlyToolsAreOpenToThisMachine(t *testing.T) {
	t.Parallel()
	for _, r := range append(slices.Clone(routes), profileRoutes...) {
		if r.access.local && r.path != "/metrics" && r.path != "/debug/pprof/*" {
			t.Errorf("%s is open to whoever is on this machine", r.path)
		}
	}
}
