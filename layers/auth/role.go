package auth

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"wanglou/layers"
)

// Role is the name of a set of things a user may do. Which things is the county's to say, see [RoleInfo]; the code asks for actions, never for roles.
type Role string

// Roles that are delivered, and cannot be removed.
const (
	RoleViewer     Role = "viewer"       // 查看: sees the map of its areas
	RoleDuty       Role = "duty_officer" // 值班: creates, files and closes incidents
	RoleDispatcher Role = "dispatcher"   // 派遣: sends units
	RoleUnit       Role = "unit"         // 处置单位: works on its own tasks
	RoleDroneTeam  Role = "drone_team"   // 无人机队: uploads captures
	RoleSupervisor Role = "supervisor"   // 督办: reads, urges, demands answers
	RoleAdmin      Role = "admin"        // 管理: users, layers, everything in its areas
)

// Roles lists those that are delivered, in the order in which screens show them.
var Roles = []Role{RoleViewer, RoleDuty, RoleDispatcher, RoleUnit, RoleDroneTeam, RoleSupervisor, RoleAdmin}

// Action is something a role may allow.
type Action string

const (
	ActionRead           Action = "read" // map, lists, details
	ActionCreateIncident Action = "incident.create"
	ActionReport         Action = "report.create"       // 上报: tell of something
	ActionIntake         Action = "report.intake"       // hand in what another system tells
	ActionMoveIncident   Action = "incident.move"       // accept, file, reject, close, …
	ActionDispatch       Action = "task.dispatch"       // send, call off
	ActionSupervise      Action = "case.supervise"      // 督办: demand an answer, and take it
	ActionWorkTask       Action = "task.work"           // acknowledge, arrive, feed back: the unit's own tasks only
	ActionAttach         Action = "attachment.add"      // photos and videos: to the unit's own tasks, and to cases by those who send
	ActionReadOriginal   Action = "attachment.original" // as it was sent, with what it tells of device and place
	ActionManageCameras  Action = "camera.manage"       // the registry: enter, correct, strike off
	ActionWatch          Action = "camera.watch"        // live pictures and stills
	ActionReplay         Action = "replay"              // begin and move a replay of the past; whoever reads may watch one
	ActionShowWalls      Action = "wall.show"           // what all walls show
	ActionReadAudit      Action = "audit.read"
	ActionManageUsers    Action = "user.manage"
	ActionManageRoles    Action = "role.manage"    // what each role allows
	ActionManageHooks    Action = "webhook.manage" // who is told of changes
	ActionManageFences   Action = "geofence.manage"
	ActionManageTokens   Action = "token.manage"     // one's own personal access tokens
	ActionMessage        Action = "incident.message" // read and write messages: the desk, and units in their own cases
	ActionManageRoster   Action = "roster.manage"    // who is on duty when
	ActionHandover       Action = "handover"         // hand a shift over, and take one
	ActionManageRules    Action = "rules.manage"     // limits of time, the calendar, the dictionary, kinds of alarms
	ActionKeepKnowledge  Action = "knowledge.manage"
	ActionReview         Action = "detection.review" // 研判: issue, dismiss, redraw, merge, split, clear
	ActionDetect         Action = "detection.intake" // hand in what a detector found, compare captures
	ActionUploadCapture  Action = "capture.upload"   // send what drones bring home, and withdraw it
	ActionManageJobs     Action = "job.manage"       // call off and try again what others began
	ActionDraw           Action = "marking.draw"     // 标绘: draw on the map, change and take back what one has drawn
	ActionManageMarkings Action = "marking.manage"   // what others have drawn
)

// allowed says which of the delivered roles may do an action, until somebody decides otherwise.
var allowed = map[Action][]Role{
	ActionRead:           Roles,
	ActionCreateIncident: {RoleDuty, RoleDispatcher, RoleAdmin},
	ActionReport:         {RoleDuty, RoleDispatcher, RoleUnit, RoleDroneTeam, RoleAdmin},
	ActionIntake:         {RoleAdmin},
	ActionMoveIncident:   {RoleDuty, RoleAdmin},
	ActionDispatch:       {RoleDuty, RoleDispatcher, RoleAdmin},
	ActionSupervise:      {RoleSupervisor, RoleAdmin},
	ActionWorkTask:       {RoleUnit},
	ActionAttach:         {RoleUnit, RoleDuty, RoleDispatcher, RoleAdmin},
	ActionReadOriginal:   {RoleDuty, RoleDispatcher, RoleAdmin},
	ActionManageCameras:  {RoleAdmin},
	ActionWatch:          {RoleViewer, RoleDuty, RoleDispatcher, RoleSupervisor, RoleAdmin},
	ActionReplay:         {RoleViewer, RoleDuty, RoleDispatcher, RoleSupervisor, RoleAdmin},
	ActionShowWalls:      {RoleDuty, RoleAdmin},
	ActionReadAudit:      {RoleAdmin},
	ActionManageUsers:    {RoleAdmin},
	ActionManageRoles:    {RoleAdmin},
	ActionManageHooks:    {RoleAdmin},
	ActionManageFences:   {RoleDuty, RoleAdmin}, // who is on duty closes a road now, not in the morning
	ActionManageRules:    {RoleAdmin},
	ActionKeepKnowledge:  {RoleAdmin},
	ActionReview:         {RoleDuty, RoleAdmin},
	ActionDetect:         {RoleDroneTeam, RoleAdmin},
	ActionUploadCapture:  {RoleDroneTeam, RoleAdmin},
	ActionManageJobs:     {RoleAdmin},
	ActionManageTokens:   Roles,
	ActionMessage:        {RoleDuty, RoleDispatcher, RoleUnit, RoleAdmin},
	ActionManageRoster:   {RoleDuty, RoleAdmin},
	ActionHandover:       {RoleDuty, RoleDispatcher, RoleAdmin},
	ActionDraw:           {RoleDuty, RoleDispatcher, RoleAdmin},
	ActionManageMarkings: {RoleDuty, RoleAdmin},
}

// Actions lists what may be asked for, sorted.
func Actions() []Action { return slices.Sorted(maps.Keys(allowed)) }

// Grants says what each of some roles allows.
type Grants map[Role][]Action

// Of returns what those roles allow together, sorted. A role that is not known allows nothing.
func (g Grants) Of(roles []Role) []Action {
	var out []Action
	for _, r := range roles {
		out = append(out, g[r]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Delivered is what the roles allow in a new county. Migrations write it into the table of roles; a release that brings a new action grants it by one.
var Delivered = func() Grants {
	g := Grants{}
	for _, a := range Actions() {
		for _, r := range allowed[a] {
			g[r] = append(g[r], a)
		}
	}
	return g
}()

// RoleInfo is one role as the county has it.
type RoleInfo struct {
	Name      Role     `json:"name"`
	Revision  int64    `json:"revision"`
	Title     string   `json:"title"`
	TitleEN   string   `json:"title_en"`
	Actions   []Action `json:"actions"`             // sorted
	Delivered []Action `json:"delivered,omitempty"` // what it allows as delivered, sorted; such a role cannot be removed
	Users     int      `json:"users"`               // accounts with it that the caller manages, barred ones too
}

// Limits of roles.
const (
	MaxRoles     = 60
	MaxRoleTitle = 40 // characters
)

var roleForm = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)

// Validate reports the first wrong field: CodeInvalid. It trims the titles and sorts the actions.
func (r *RoleInfo) Validate() error {
	r.Title, r.TitleEN = strings.TrimSpace(r.Title), strings.TrimSpace(r.TitleEN)
	r.Actions = slices.Compact(slices.Sorted(slices.Values(r.Actions)))
	known := Actions()
	switch {
	case !roleForm.MatchString(string(r.Name)):
		return layers.Invalid("name", "bad_role_name", "a role's name has 2 to 40 letters a–z, digits and underlines, and begins with a letter")
	case r.Title == "":
		return layers.Invalid("title", "required", "a role needs a title")
	case utf8.RuneCountInString(r.Title) > MaxRoleTitle:
		return layers.Invalid("title", "too_long", "a title has at most %d characters", MaxRoleTitle)
	case utf8.RuneCountInString(r.TitleEN) > MaxRoleTitle:
		return layers.Invalid("title_en", "too_long", "a title has at most %d characters", MaxRoleTitle)
	case len(r.Actions) == 0:
		return layers.Invalid("actions", "required", "a role allows something")
	}
	for _, a := range r.Actions {
		if !slices.Contains(known, a) {
			return layers.Invalid("actions", "unknown_value", "%q is not an action", a)
		}
	}
	return nil
}

// RoleStore keeps what roles allow. A change holds for all sessions on all nodes within moments. Who makes one still manages users and roles after it, else it is
// refused ("own_account"): somebody always can. Every change is in the audit log. Implemented by postgis.Roles.
type RoleStore interface {
	// Roles lists all, delivered ones first: for who manages users or roles.
	Roles(ctx context.Context) ([]*RoleInfo, error)
	// Create stores a new role and sets its revision. CodeForbidden for who does not manage roles everywhere; CodeInvalid; CodeConflict with reason "already_exists",
	// "too_many_roles".
	Create(ctx context.Context, r *RoleInfo) error
	// Update replaces titles and actions. Besides: CodeNotFound; CodeConflict with reason "stale_revision".
	Update(ctx context.Context, r *RoleInfo) error
	// Remove forgets one at the revision that the caller saw. CodeConflict with reason "builtin_role", "role_in_use", "stale_revision".
	Remove(ctx context.Context, name Role, revision int64) error
}
