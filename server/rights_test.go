package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"wanglou/layers"
	"wanglou/server"
	"wanglou/server/servertest"
	"wanglou/tiles"
)

// request is one example of a route, who may make it, and how it then ends.
type request struct {
	path string
	body any
	who  string // logins that may, beside those of everybody
	want int
}

const (
	anybody = "admin duty town viewer unit norole nobody"
	members = "admin duty town viewer unit norole"
	readers = "admin duty town viewer unit"
)

// requests has an example of every route.
func requests() map[string]request {
	move := map[string]any{"move": "close", "revision": 3}
	user := map[string]any{"login": "new", "name": "新", "roles": []string{"viewer"}, "areas": []string{"c.t1"}, "password": "long-enough"}
	return map[string]request{
		"GET /api/session":                                    {who: members, want: 200},
		"POST /api/session":                                   {body: map[string]string{"login": "duty", "password": "duty-password"}, who: anybody, want: 200},
		"POST /api/session/kiosk":                             {body: map[string]string{"token": "wl_wrong"}, who: anybody, want: 401},
		"DELETE /api/session":                                 {who: members, want: 204},
		"GET /api/catalog":                                    {who: readers, want: 200},
		"GET /api/areas":                                      {who: readers, want: 200},
		"GET /api/categories":                                 {who: readers, want: 200},
		"GET /api/layers/:layer/features":                     {path: "/api/layers/camera/features?bbox=119,29,120,30", who: readers, want: 200},
		"GET /api/layers/:layer/features/:id":                 {path: "/api/layers/camera/features/1", who: readers, want: 200},
		"GET /api/events/:layer":                              {path: "/api/events/camera?bbox=1", who: readers, want: 400}, // an answer that ends
		"GET /api/cameras/coverage":                           {path: "/api/cameras/coverage?by=town", who: readers, want: 200},
		"GET /api/cameras/coverage/:z/:x/:y":                  {path: "/api/cameras/coverage/12/3409/1690?theme=dark", who: readers, want: 204},
		"GET /api/cameras/seeing":                             {path: "/api/cameras/seeing?point=119.68,29.79", who: readers, want: 200},
		"GET /api/cameras/:id/sector":                         {path: "/api/cameras/1/sector", who: readers, want: 200},
		"GET /api/cameras/:id/live":                           {path: "/api/cameras/1/live", who: "admin duty town viewer", want: 404}, // this world has no pictures
		"GET /api/cameras/:id/snapshot":                       {path: "/api/cameras/1/snapshot", who: "admin duty town viewer", want: 404},
		"GET /api/patrols":                                    {who: "admin duty town viewer", want: 404}, // this world has none
		"POST /api/patrols":                                   {body: map[string]any{}, who: "admin duty town viewer", want: 404},
		"PUT /api/patrols/:id":                                {path: "/api/patrols/1", body: map[string]any{}, who: "admin duty town viewer", want: 404},
		"DELETE /api/patrols/:id":                             {path: "/api/patrols/1", who: "admin duty town viewer", want: 404},
		"POST /api/cameras/:id/whep":                          {path: "/api/cameras/1/whep", body: "v=0", who: "admin duty town viewer", want: 404},
		"DELETE /api/cameras/:id/whep/:session":               {path: "/api/cameras/1/whep/x", who: "admin duty town viewer", want: 404},
		"GET /api/cameras/:id/control":                        {path: "/api/cameras/1/control", who: "admin duty town viewer", want: 404},
		"POST /api/cameras/:id/control":                       {path: "/api/cameras/1/control", body: `{"command":"stop"}`, who: "admin duty town", want: 404},
		"GET /api/gb28181/devices/:device/about":              {path: "/api/gb28181/devices/34020000001180000001/about", who: "admin", want: 404},
		"POST /api/cameras/:id/hls":                           {path: "/api/cameras/1/hls", who: "admin duty town viewer", want: 404},
		"GET /api/cameras/:id/hls/:session/:piece":            {path: "/api/cameras/1/hls/x/index.m3u8", who: "admin duty town viewer", want: 404},
		"DELETE /api/cameras/:id/hls/:session":                {path: "/api/cameras/1/hls/x", who: "admin duty town viewer", want: 404},
		"GET /api/cameras/:id/masks":                          {path: "/api/cameras/1/masks", who: "admin duty town viewer", want: 404},
		"PUT /api/cameras/:id/masks":                          {path: "/api/cameras/1/masks", body: map[string]any{"masks": []any{}}, who: "admin", want: 404},
		"GET /api/cameras/:id/presets":                        {path: "/api/cameras/1/presets", who: readers, want: 404},
		"PUT /api/cameras/:id/presets":                        {path: "/api/cameras/1/presets", body: map[string]any{"presets": []any{}}, who: "admin", want: 404},
		"GET /api/search":                                     {path: "/api/search?q=x", who: readers, want: 200},
		"GET /api/statistics":                                 {who: readers, want: 200},
		"GET /api/statistics/areas":                           {path: "/api/statistics/areas?by=town&from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z", who: readers, want: 200},
		"GET /api/statistics/cases":                           {path: "/api/statistics/cases?by=town&area=2&measure=open&from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z", who: readers, want: 200},
		"GET /api/statistics/parts":                           {path: "/api/statistics/parts?by=town&from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z", who: readers, want: 200},
		"GET /api/statistics/multiples":                       {path: "/api/statistics/multiples?by=town&split=hour&from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z", who: readers, want: 200},
		"GET /api/statistics/flows":                           {path: "/api/statistics/flows?by=town&from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z", who: readers, want: 200},
		"GET /api/statistics/flows/cases":                     {path: "/api/statistics/flows/cases?by=town&origin=0&area=2&from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z", who: readers, want: 200},
		"GET /api/statistics/heat":                            {path: "/api/statistics/heat?by=town&measure=open&from=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z", who: readers, want: 200},
		"GET /api/statistics/outlines":                        {path: "/api/statistics/outlines?by=town", who: readers, want: 200},
		"GET /api/incidents":                                  {who: readers, want: 200},
		"POST /api/incidents":                                 {body: map[string]any{"title": "x", "category": "09012", "severity": 2, "point": []float64{119.68, 29.79}}, who: "admin duty town", want: 201},
		"GET /api/incidents/:id":                              {path: "/api/incidents/7", who: readers, want: 200},
		"POST /api/incidents/:id/moves":                       {path: "/api/incidents/7/moves", body: move, who: "admin duty town", want: 200},
		"GET /api/incidents/:id/recommendations":              {path: "/api/incidents/7/recommendations", who: readers, want: 200},
		"POST /api/incidents/:id/tasks":                       {path: "/api/incidents/7/tasks", body: map[string]any{"unit_id": 5, "revision": 3}, who: "admin duty town", want: 201},
		"POST /api/incidents/:id/alarm":                       {path: "/api/incidents/7/alarm", who: "admin duty town", want: 404}, // this world has none
		"POST /api/incidents/:id/joint":                       {path: "/api/incidents/7/joint", body: map[string]any{"lead": 5, "co": []int64{6}, "due_at": "2026-05-02T00:00:00Z", "revision": 3}, who: "admin duty town", want: 201},
		"GET /api/incidents/:id/flow":                         {path: "/api/incidents/7/flow", who: readers, want: 404}, // this world has none
		"POST /api/incidents/:id/requests":                    {path: "/api/incidents/7/requests", body: map[string]any{}, who: "admin duty town unit", want: 404},
		"POST /api/incidents/:id/requests/:request/moves":     {path: "/api/incidents/7/requests/1/moves", body: map[string]any{}, who: "admin duty town unit", want: 404},
		"POST /api/incidents/:id/urges":                       {path: "/api/incidents/7/urges", body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/incidents/:id/hops":                        {path: "/api/incidents/7/hops", body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/incidents/:id/steps/:step":                 {path: "/api/incidents/7/steps/1", body: map[string]any{}, who: "admin duty town unit", want: 404},
		"GET /api/requests":                                   {who: readers, want: 404},
		"GET /api/plans":                                      {who: readers, want: 404},
		"POST /api/plans":                                     {body: map[string]any{}, who: "admin", want: 404},
		"PUT /api/plans/:id":                                  {path: "/api/plans/1", body: map[string]any{}, who: "admin", want: 404},
		"POST /api/plans/:id/moves":                           {path: "/api/plans/1/moves", body: map[string]any{}, who: "admin", want: 404},
		"GET /api/incidents/:id/messages":                     {path: "/api/incidents/7/messages", who: "admin duty town unit", want: 404}, // this world has none
		"POST /api/incidents/:id/messages":                    {path: "/api/incidents/7/messages", body: map[string]any{"text": "x"}, who: "admin duty town unit", want: 404},
		"POST /api/incidents/:id/messages/:message/kept":      {path: "/api/incidents/7/messages/1/kept", who: "admin duty town unit", want: 404},
		"PATCH /api/incidents/:id":                            {path: "/api/incidents/7", body: map[string]any{"severity": 1, "revision": 3}, who: "admin duty town", want: 200},
		"GET /api/incidents/:id/candidates":                   {path: "/api/incidents/7/candidates", who: "admin duty town", want: 404}, // this world takes no reports
		"POST /api/incidents/:id/merge":                       {path: "/api/incidents/7/merge", body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/incidents/:id/unmerge":                     {path: "/api/incidents/7/unmerge", body: map[string]any{}, who: "admin duty town", want: 404},
		"GET /api/reports":                                    {who: "admin duty town", want: 404},
		"POST /api/reports":                                   {body: map[string]any{}, who: "admin duty town unit", want: 404},
		"POST /api/reports/candidates":                        {body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/reports/caller":                            {body: map[string]any{"phone": "13800000000"}, who: "admin duty town", want: 404},
		"POST /api/reports/:id/moves":                         {path: "/api/reports/1/moves", body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/citizen/reports":                           {body: map[string]any{}, who: anybody, want: 404},
		"POST /api/citizen/pictures":                          {body: map[string]any{}, who: anybody, want: 404},
		"POST /api/citizen/reports/track":                     {body: map[string]any{}, who: anybody, want: 404},
		"GET /api/tasks":                                      {who: "unit", want: 200},
		"GET /api/tasks/:id":                                  {path: "/api/tasks/9", who: readers, want: 200},
		"POST /api/tasks/:id/moves":                           {path: "/api/tasks/9/moves", body: map[string]any{"move": "respond", "revision": 2}, who: "admin duty town unit", want: 200},
		"POST /api/attachments":                               {body: map[string]any{}, who: "admin duty town unit", want: 404}, // this world has none
		"PATCH /api/attachments/:id":                          {path: "/api/attachments/1", who: "admin duty town unit", want: 404},
		"GET /api/attachments/:id":                            {path: "/api/attachments/1", who: readers, want: 404},
		"POST /api/positions":                                 {body: map[string]any{}, who: "unit", want: 404}, // this world takes none
		"DELETE /api/positions":                               {who: "unit", want: 404},
		"GET /api/units":                                      {who: readers, want: 200},
		"GET /api/replays":                                    {who: readers, want: 503}, // this world keeps no past
		"POST /api/replays":                                   {body: map[string]any{"at": "2026-05-01T00:00:00Z"}, who: "admin duty town viewer", want: 503},
		"GET /api/replays/:id":                                {path: "/api/replays/x", who: readers, want: 404},
		"PUT /api/replays/:id":                                {path: "/api/replays/x", body: map[string]any{"playing": true}, who: "admin duty town viewer", want: 404},
		"DELETE /api/replays/:id":                             {path: "/api/replays/x", who: "admin duty town viewer", want: 404},
		"GET /api/users":                                      {who: "admin", want: 200},
		"POST /api/users":                                     {body: user, who: "admin", want: 201},
		"PUT /api/users/:id":                                  {path: "/api/users/7", body: user, who: "admin", want: 200},
		"GET /api/roles":                                      {who: "admin", want: 404}, // this world's are as they are
		"POST /api/roles":                                     {body: map[string]any{"name": "guard", "title": "门卫", "title_en": "", "actions": []string{"read"}}, who: "admin", want: 404},
		"PUT /api/roles/:name":                                {path: "/api/roles/viewer", body: map[string]any{"revision": 1, "title": "查看", "title_en": "", "actions": []string{"read"}}, who: "admin", want: 404},
		"DELETE /api/roles/:name":                             {path: "/api/roles/viewer?revision=1", who: "admin", want: 404},
		"GET /api/detections":                                 {who: readers, want: 404}, // this world has none
		"GET /api/detections/precision":                       {who: readers, want: 404},
		"GET /api/detections/training":                        {who: "admin duty town", want: 404},
		"GET /api/detections/:id":                             {path: "/api/detections/1", who: readers, want: 404},
		"GET /api/detections/:id/evidence":                    {path: "/api/detections/1/evidence", who: "admin duty town", want: 404},
		"GET /api/detections/:id/pictures/:which":             {path: "/api/detections/1/pictures/after", who: readers, want: 404},
		"POST /api/detections/:id/moves":                      {path: "/api/detections/1/moves", body: map[string]any{}, who: "admin duty town unit", want: 404},
		"PUT /api/detections/:id/outline":                     {path: "/api/detections/1/outline", body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/detections/:id/flights":                    {path: "/api/detections/1/flights", body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/detections/:id/merge":                      {path: "/api/detections/1/merge", body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/detections/:id/split":                      {path: "/api/detections/1/split", body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/captures/:id/detections":                   {path: "/api/captures/1/detections", body: map[string]any{}, who: "admin", want: 404},
		"POST /api/captures/:id/comparisons":                  {path: "/api/captures/1/comparisons", body: map[string]any{}, who: "admin", want: 404},
		"POST /api/captures/:id/detectors":                    {path: "/api/captures/1/detectors", body: map[string]any{}, who: "admin", want: 404},
		"GET /api/detectors":                                  {who: "admin", want: 404},
		"POST /api/detectors/:folder/checks":                  {path: "/api/detectors/x/checks", body: map[string]any{}, who: "admin", want: 404},
		"GET /api/plots/:layer":                               {path: "/api/plots/zone", who: readers, want: 404},
		"POST /api/plots/:layer/files":                        {path: "/api/plots/zone/files?filename=a.geojson", body: map[string]any{}, who: "admin", want: 404},
		"POST /api/plots/:layer":                              {path: "/api/plots/zone", body: map[string]any{}, who: "admin", want: 404},
		"GET /api/plots/:layer/:id":                           {path: "/api/plots/zone/1", who: readers, want: 404},
		"PUT /api/plots/:layer/:id":                           {path: "/api/plots/zone/1", body: map[string]any{}, who: "admin", want: 404},
		"DELETE /api/plots/:layer/:id":                        {path: "/api/plots/zone/1", who: "admin", want: 404},
		"GET /api/pairrules":                                  {who: readers, want: 404},
		"PUT /api/pairrules":                                  {body: map[string]any{}, who: "admin", want: 404},
		"POST /api/captures/:id/profiles":                     {path: "/api/captures/1/profiles", body: map[string]any{}, who: readers, want: 404},
		"POST /api/captures/:id/volumes":                      {path: "/api/captures/1/volumes", body: map[string]any{}, who: readers, want: 404},
		"GET /api/flights/orders":                             {who: readers, want: 404},
		"POST /api/flights/orders":                            {body: map[string]any{}, who: "admin duty town", want: 404},
		"GET /api/flights":                                    {who: readers, want: 404},
		"GET /api/uploads":                                    {who: "admin", want: 404}, // this world takes no captures
		"POST /api/uploads":                                   {who: "admin", want: 404},
		"GET /api/uploads/:id":                                {path: "/api/uploads/x", who: "admin", want: 404},
		"PATCH /api/uploads/:id":                              {path: "/api/uploads/x", who: "admin", want: 404},
		"DELETE /api/uploads/:id":                             {path: "/api/uploads/x", who: "admin", want: 404},
		"GET /api/ingests":                                    {who: "admin", want: 404},
		"POST /api/ingests":                                   {body: map[string]any{}, who: "admin", want: 404},
		"GET /api/ingests/:id":                                {path: "/api/ingests/1", who: "admin", want: 404},
		"POST /api/ingests/:id/answers":                       {path: "/api/ingests/1/answers", body: map[string]any{}, who: "admin", want: 404},
		"GET /api/captures":                                   {who: readers, want: 404},
		"GET /api/captures/:id":                               {path: "/api/captures/1", who: readers, want: 404},
		"GET /api/captures/:id/files/:kind":                   {path: "/api/captures/1/files/ortho", who: readers, want: 404},
		"GET /api/captures/:id/offset":                        {path: "/api/captures/1/offset?other=2", who: readers, want: 404},
		"POST /api/captures/:id/withdrawal":                   {path: "/api/captures/1/withdrawal", body: map[string]any{}, who: "admin", want: 404},
		"GET /api/jobs":                                       {who: readers, want: 404},
		"GET /api/jobs/:id":                                   {path: "/api/jobs/1", who: readers, want: 404},
		"DELETE /api/jobs/:id":                                {path: "/api/jobs/1", who: "admin", want: 404},
		"POST /api/jobs/:id/retry":                            {path: "/api/jobs/1/retry", who: "admin", want: 404},
		"GET /stac":                                           {who: readers, want: 404},
		"GET /stac/collections":                               {who: readers, want: 404},
		"GET /stac/collections/:collection":                   {path: "/stac/collections/captures", who: readers, want: 404},
		"GET /stac/collections/:collection/items":             {path: "/stac/collections/captures/items", who: readers, want: 404},
		"GET /stac/collections/:collection/items/:id":         {path: "/stac/collections/captures/items/1", who: readers, want: 404},
		"GET /wmts":                                           {who: readers, want: 404},
		"GET /api/gb28181/devices":                            {who: "admin", want: 404}, // this world has none
		"GET /api/event-sources":                              {who: "admin", want: 404}, // nor these
		"POST /api/event-sources":                             {body: map[string]any{}, who: "admin", want: 404},
		"PUT /api/event-sources/:id":                          {path: "/api/event-sources/1", body: map[string]any{}, who: "admin", want: 404},
		"DELETE /api/event-sources/:id":                       {path: "/api/event-sources/1", who: "admin", want: 404},
		"POST /api/event-sources/:id/trial":                   {path: "/api/event-sources/1/trial", who: "admin", want: 404},
		"GET /api/event-kinds":                                {who: "admin", want: 404},
		"PUT /api/event-kinds":                                {body: map[string]any{}, who: "admin", want: 404},
		"GET /api/devices":                                    {who: "admin", want: 404},
		"POST /api/devices":                                   {body: map[string]any{}, who: "admin", want: 404},
		"PUT /api/devices/:id":                                {path: "/api/devices/1", body: map[string]any{}, who: "admin", want: 404},
		"DELETE /api/devices/:id":                             {path: "/api/devices/1", who: "admin", want: 404},
		"GET /api/devices/cameras":                            {who: "admin", want: 404},
		"PUT /api/devices/cameras":                            {body: map[string]any{}, who: "admin", want: 404},
		"POST /api/devices/import":                            {body: map[string]any{}, who: "admin", want: 404},
		"POST /api/cameras/import":                            {body: map[string]any{}, who: "admin", want: 404},
		"GET /api/cameras/export":                             {who: "admin", want: 404},
		"GET /api/bookmarks":                                  {who: readers, want: 404},                         // this world has none
		"POST /api/prints":                                    {body: map[string]any{}, who: readers, want: 404}, // this world keeps no account
		"GET /api/cameras/repair":                             {who: readers, want: 404},                         // this world has none
		"GET /api/markings":                                   {who: readers, want: 404},                         // this world has none
		"POST /api/markings":                                  {body: map[string]any{}, who: "admin duty town", want: 404},
		"POST /api/markings/steps":                            {body: map[string]any{}, who: "admin duty town", want: 404},
		"PUT /api/markings/:id":                               {path: "/api/markings/1", body: map[string]any{}, who: "admin duty town", want: 404},
		"DELETE /api/markings/:id":                            {path: "/api/markings/1?revision=1", who: "admin duty town", want: 404},
		"GET /api/markings/:id/acts":                          {path: "/api/markings/1/acts", who: readers, want: 404},
		"POST /api/bookmarks":                                 {body: map[string]any{}, who: "admin duty town viewer", want: 404},
		"DELETE /api/bookmarks/:id":                           {path: "/api/bookmarks/1", who: "admin duty town viewer", want: 404},
		"GET /api/walls":                                      {who: readers, want: 404},
		"POST /api/walls":                                     {body: map[string]any{}, who: "admin duty town", want: 404},
		"GET /api/walls/:id":                                  {path: "/api/walls/1", who: readers, want: 404},
		"PUT /api/walls/:id":                                  {path: "/api/walls/1", body: map[string]any{}, who: "admin duty town", want: 404},
		"DELETE /api/walls/:id":                               {path: "/api/walls/1", who: "admin duty town", want: 404},
		"POST /api/walls/:id/commands":                        {path: "/api/walls/1/commands", body: map[string]any{}, who: "admin duty town", want: 404},
		"GET /api/walls/:id/live":                             {path: "/api/walls/1/live", who: readers, want: 404},
		"GET /api/duty":                                       {who: readers, want: 404}, // this world has no roster
		"GET /api/shifts":                                     {who: "admin duty town", want: 404},
		"POST /api/shifts":                                    {body: map[string]any{}, who: "admin duty town", want: 404},
		"GET /api/shifts/people":                              {who: "admin duty town", want: 404},
		"POST /api/shifts/copies":                             {body: map[string]any{}, who: "admin duty town", want: 404},
		"PUT /api/shifts/:id":                                 {path: "/api/shifts/1", body: map[string]any{}, who: "admin duty town", want: 404},
		"DELETE /api/shifts/:id":                              {path: "/api/shifts/1", who: "admin duty town", want: 404},
		"GET /api/handovers":                                  {who: "admin duty town", want: 404},
		"POST /api/handovers":                                 {body: map[string]any{}, who: "admin duty town", want: 404},
		"GET /api/handovers/draft":                            {who: "admin duty town", want: 404},
		"GET /api/handovers/:id":                              {path: "/api/handovers/1", who: "admin duty town", want: 404},
		"POST /api/handovers/:id/signature":                   {path: "/api/handovers/1/signature", body: map[string]any{}, who: "admin duty town", want: 404},
		"GET /api/geofences":                                  {who: "admin duty town", want: 404},               // this world has none
		"POST /api/intake/alarms":                             {body: map[string]any{}, who: "admin", want: 404}, // nor these
		"GET /api/intake/alarms/kinds":                        {who: readers, want: 404},
		"POST /api/intake/cap":                                {body: "<alert/>", who: "admin", want: 404}, // this world has none
		"GET /api/alerts":                                     {who: readers, want: 404},                   // this world has none
		"POST /api/geofences":                                 {body: map[string]any{}, who: "admin duty town", want: 404},
		"PUT /api/geofences/:id":                              {path: "/api/geofences/1", body: map[string]any{}, who: "admin duty town", want: 404},
		"DELETE /api/geofences/:id":                           {path: "/api/geofences/1", who: "admin duty town", want: 404},
		"GET /api/knowledge":                                  {path: "/api/knowledge?q=x", who: "admin duty town", want: 404}, // this world has none
		"GET /api/knowledge/:id":                              {path: "/api/knowledge/1", who: "admin duty town", want: 404},
		"POST /api/knowledge":                                 {body: map[string]any{}, who: "admin", want: 404},
		"PUT /api/knowledge/:id":                              {path: "/api/knowledge/1", body: map[string]any{}, who: "admin", want: 404},
		"DELETE /api/knowledge/:id":                           {path: "/api/knowledge/1", who: "admin", want: 404},
		"GET /api/webhooks":                                   {who: "admin", want: 404}, // this world has none
		"POST /api/webhooks":                                  {body: map[string]any{}, who: "admin", want: 404},
		"PUT /api/webhooks/:id":                               {path: "/api/webhooks/1", body: map[string]any{"paused": true}, who: "admin", want: 404},
		"DELETE /api/webhooks/:id":                            {path: "/api/webhooks/1", who: "admin", want: 404},
		"GET /api/webhooks/:id/dead":                          {path: "/api/webhooks/1/dead", who: "admin", want: 404},
		"POST /api/webhooks/:id/dead/:event":                  {path: "/api/webhooks/1/dead/x", who: "admin", want: 404},
		"DELETE /api/webhooks/:id/dead/:event":                {path: "/api/webhooks/1/dead/x", who: "admin", want: 404},
		"GET /api/board":                                      {who: "admin duty town", want: 404},      // this world has none
		"GET /api/push":                                       {who: "admin duty town unit", want: 404}, // this world notifies nobody
		"POST /api/push":                                      {body: map[string]any{}, who: "admin duty town unit", want: 404},
		"DELETE /api/push/:id":                                {path: "/api/push/1", who: "admin duty town unit", want: 404},
		"GET /api/timerules":                                  {who: readers, want: 404},                         // this world has none
		"POST /api/categories":                                {body: map[string]any{}, who: "admin", want: 404}, // this world's dictionary stays as it is
		"PUT /api/categories/:id":                             {path: "/api/categories/1", body: map[string]any{}, who: "admin", want: 404},
		"POST /api/intake/alarms/kinds":                       {body: map[string]any{}, who: "admin", want: 404},
		"PUT /api/intake/alarms/kinds/:id":                    {path: "/api/intake/alarms/kinds/1", body: map[string]any{}, who: "admin", want: 404},
		"PUT /api/timerules":                                  {body: map[string]any{}, who: "admin", want: 404},
		"GET /api/audit":                                      {who: "admin", want: 200},
		"GET /api/openapi.yaml":                               {who: anybody, want: 200},
		"GET /tiles/:source":                                  {path: "/tiles/camera.json", who: readers, want: 200},
		"GET /tiles/:source/:z/:x/:y":                         {path: "/tiles/camera/14/13642/6772", who: readers, want: 200},
		"GET /ogc":                                            {who: readers, want: 200},
		"GET /ogc/style.css":                                  {who: anybody, want: 200},
		"GET /ogc/conformance":                                {who: readers, want: 200},
		"GET /ogc/functions":                                  {who: readers, want: 200},
		"GET /ogc/tileMatrixSets":                             {who: readers, want: 200},
		"GET /ogc/tileMatrixSets/:set":                        {path: "/ogc/tileMatrixSets/WebMercatorQuad", who: readers, want: 200},
		"GET /ogc/collections":                                {who: readers, want: 200},
		"GET /ogc/collections/:collection":                    {path: "/ogc/collections/camera", who: readers, want: 200},
		"GET /ogc/collections/:collection/queryables":         {path: "/ogc/collections/camera/queryables", who: readers, want: 200},
		"GET /ogc/collections/:collection/items":              {path: "/ogc/collections/camera/items", who: readers, want: 200},
		"GET /ogc/collections/:collection/items/:feature":     {path: "/ogc/collections/camera/items/1", who: readers, want: 200},
		"POST /ogc/collections/:collection/items":             {path: "/ogc/collections/camera/items", body: map[string]any{"type": "Feature", "geometry": map[string]any{"type": "Point", "coordinates": []float64{119.68, 29.79}}, "properties": map[string]any{"name": "x"}}, who: "admin", want: 201},
		"PUT /ogc/collections/:collection/items/:feature":     {path: "/ogc/collections/camera/items/1", body: map[string]any{}, who: "admin", want: 428},
		"PATCH /ogc/collections/:collection/items/:feature":   {path: "/ogc/collections/camera/items/1", body: map[string]any{}, who: "admin duty town", want: 428},
		"DELETE /ogc/collections/:collection/items/:feature":  {path: "/ogc/collections/camera/items/1", who: "admin", want: 428},
		"OPTIONS /ogc/collections/:collection/items":          {path: "/ogc/collections/camera/items", who: readers, want: 204},
		"OPTIONS /ogc/collections/:collection/items/:feature": {path: "/ogc/collections/camera/items/1", who: readers, want: 204},
		"GET /ogc/collections/:collection/download":           {path: "/ogc/collections/camera/download?f=csv", who: readers, want: 200},
		"GET /ogc/collections/:collection/tiles":              {path: "/ogc/collections/camera/tiles", who: readers, want: 200},
		"GET /ogc/collections/:collection/tiles/:set":         {path: "/ogc/collections/camera/tiles/WebMercatorQuad", who: readers, want: 200},
		"GET /api/review":                                     {path: "/api/review?from=2026-05-01T00:00:00Z&until=2026-05-01T12:00:00Z", who: readers, want: 200},
		"GET /api/timeline":                                   {path: "/api/timeline?from=2026-05-01T00:00:00Z&until=2026-05-01T12:00:00Z", who: readers, want: 200},
		"GET /api/sources":                                    {who: readers, want: 200},
		"GET /api/tokens":                                     {who: readers, want: 200},
		"POST /api/tokens":                                    {body: map[string]any{"name": "QGIS", "access": "read", "expires_at": "2026-06-01T00:00:00Z"}, who: readers, want: 201},
		"DELETE /api/tokens/:id":                              {path: "/api/tokens/1", who: readers, want: 204},
		"GET /tilesets/:name/*":                               {path: "/tilesets/x/tileset.json", who: readers, want: 404}, // this world has none
		"GET /styles/:file":                                   {path: "/styles/dark.json", who: readers, want: 404},
		"GET /fonts/:stack/:range":                            {path: "/fonts/x/0-255.pbf", who: readers, want: 404},
		"GET /sprites/:file":                                  {path: "/sprites/wanglou.json", who: readers, want: 404},
		"GET /archives/:file":                                 {path: "/archives/x.pmtiles", who: readers, want: 404}, // this world has none
		"GET /live":                                           {who: anybody, want: 426},                              // no websocket; who is told by a close code
		"GET /healthz":                                        {who: anybody, want: 200},
		"GET /readyz":                                         {who: anybody, want: 200},
		"GET /metrics":                                        {who: "admin", want: 200},
		"GET /":                                               {who: anybody, want: 200},
		"GET /*":                                              {path: "/assets/app-1a2b.js", who: anybody, want: 200},
	}
}

// Every route by every login: the table of rights, as it is seen from outside.
func TestEveryRouteByEveryLogin(t *testing.T) {
	t.Parallel()
	all := requests()
	for _, name := range server.RouteNames() {
		if _, ok := all[name]; !ok {
			t.Errorf("%s has no example here", name)
		}
	}
	if len(all) != len(server.RouteNames()) {
		t.Errorf("%d examples for %d routes", len(all), len(server.RouteNames()))
	}
	for login := range strings.FieldsSeq(anybody) {
		t.Run(login, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *server.Options) { o.Tokens = &tokens{users: o.Users} })
			w.tiles.set(tiles.Tile{Body: []byte("mvt"), ETag: `"1"`}, nil)
			w.put(cameraAt(1, "一号", "c.t1", 119.68, 29.79))
			c := w.nobody()
			if login != "nobody" {
				c = w.as(login)
			}
			for _, name := range slices.Sorted(maps.Keys(all)) {
				r := all[name]
				method, path, _ := strings.Cut(name, " ")
				if r.path != "" {
					path = r.path
				}
				if name == "POST /api/session" {
					if login != "nobody" {
						r.body = map[string]string{"login": login, "password": login + "-password"}
					} else {
						r.want, r.body = 401, map[string]string{"login": "nobody", "password": "x"}
					}
				}
				want := 403
				switch {
				case slices.Contains(strings.Fields(r.who), login):
					want = r.want
				case login == "nobody":
					want = 401
				}
				res := c.Do(method, path, r.body, "X-Forwarded-For", "192.0.2.1") // not this machine
				if res.Status != want {
					t.Errorf("%s %s: %d, want %d: %.200s", method, path, res.Status, want, res.Body)
				}
				if name == "DELETE /api/session" && login != "nobody" {
					c.Login(login, login+"-password").Want(200)
				}
			}
			refused := 0
			for _, line := range w.users.log() {
				if strings.Contains(line, "request.refuse") {
					refused++
				}
			}
			if login == "norole" && refused < 15 || login == "admin" && refused > 3 {
				t.Errorf("%d refused requests in the audit log", refused)
			}
		})
	}
}

// neighbours is a world of two towns, t1 and t2, with everything in both of them twice; t10 is there because its name begins
// like t1's.
func neighbours(t *testing.T) *world {
	var w *world
	w = newWorld(t, func(o *server.Options) { o.Tiles = tiles.NewSet(o.Replica, 1<<20) })
	for i, area := range []string{"c.t1", "c.t1.v1", "c.t2", "c.t2.v9", "c.t10", "c", ""} {
		id := int64(i + 1)
		lon := 119.6 + float64(i)/100
		mark := fmt.Sprintf("mark-%d", id)
		w.put(
			cameraAt(id, mark, area, lon, 29.8),
			feature("incident", id, orb.Point{lon, 29.8}, mark, mark, area),
			feature("unit", id, nil, mark, mark, mark, area),
			feature("position", id, orb.Point{lon, 29.8}, area),
		)
	}
	return w
}

// own are the ids of neighbours that a user of town t1 may see.
var own = []int64{1, 2}

// A town's user gets nothing of another town, by any way in.
func TestNeighboursStayUnseen(t *testing.T) {
	t.Parallel()
	w := neighbours(t)
	w.start()
	for _, login := range []string{"town", "viewer", "unit"} {
		c := w.as(login)
		t.Run(login+" by features", func(t *testing.T) {
			for _, layer := range []string{"camera", "incident", "position"} {
				for _, q := range []string{"bbox=-180,-90,180,90", "bbox=119.62,29.7,119.7,29.9", "near=119.62,29.8&radius=50000", "near=119.62,29.8&radius=1"} {
					var got struct {
						Matched  int `json:"number_matched"`
						Features []struct {
							ID int64 `json:"id"`
						}
					}
					c.Get("/api/layers/" + layer + "/features?" + q).Want(200).Into(&got)
					for _, f := range got.Features {
						if !slices.Contains(own, f.ID) {
							t.Errorf("%s?%s shows %d", layer, q, f.ID)
						}
					}
					if got.Matched != len(got.Features) {
						t.Errorf("%s?%s counts %d, shows %d", layer, q, got.Matched, len(got.Features))
					}
				}
				for id := int64(1); id < 9; id++ {
					res := c.Get(fmt.Sprintf("/api/layers/%s/features/%d", layer, id))
					if slices.Contains(own, id) {
						res.Want(200)
					} else {
						res.WantError(404, "not_found", "", "") // the same for what is not there and what is not theirs
					}
				}
			}
		})
		t.Run(login+" by search", func(t *testing.T) {
			found := map[string][]int64{}
			for _, h := range search(c, "mark", 50) {
				found[h.Kind] = append(found[h.Kind], h.ID)
			}
			delete(found, "place") // belongs to everybody
			for kind, ids := range found {
				if slices.Sort(ids); !slices.Equal(ids, own) {
					t.Errorf("finds %s %d, want %d", kind, ids, own)
				}
			}
			if len(found) != 3 {
				t.Errorf("finds %v", found)
			}
		})
		t.Run(login+" by the catalogue", func(t *testing.T) {
			for _, l := range catalogue(c) {
				if l.Name != "area" && l.Count != len(own) {
					t.Errorf("%s counts %d", l.Name, l.Count)
				}
			}
		})
		t.Run(login+" by tiles", func(t *testing.T) {
			for _, layer := range []string{"camera", "incident", "position", "area,camera"} {
				var tj struct {
					Bounds []float64
				}
				c.Get("/tiles/" + layer + ".json").Want(200).Into(&tj)
				if b := tj.Bounds; b != nil && (b[0] < 119.595 || b[2] > 119.615) { // the login's own stand at 119.6 and 119.61
					t.Errorf("TileJSON tells where everybody's are: %v", b)
				}
				for z := 0; z <= 14; z++ {
					seen := tileIDs(t, c, layer, tileOf(orb.Point{119.61, 29.8}, z))
					for _, id := range seen {
						if !slices.Contains(own, id) {
							t.Errorf("%s at zoom %d shows %d", layer, z, id)
						}
					}
					if z < 7 && !slices.Equal(seen, own) {
						t.Errorf("%s at zoom %d shows %d, want %d", layer, z, seen, own)
					}
				}
			}
		})
		t.Run(login+" by the live stream", func(t *testing.T) {
			live := w.mustDial(c)
			for _, layer := range []string{"camera", "incident", "unit", "position"} {
				if err := live.Subscribe(t.Context(), layer, true); err != nil {
					t.Fatal(err)
				}
				l := live.Layers[layer]
				if err := live.Until(t.Context(), func() bool { return l.Loaded }); err != nil {
					t.Fatal(err)
				}
				if got := slices.Sorted(maps.Keys(l.Rows)); !slices.Equal(got, own) {
					t.Errorf("%s: %d, want %d", layer, got, own)
				}
			}
		})
	}
}

// What moves to the next town goes, what comes from there appears, and nothing of the neighbour's own changes is told.
func TestNeighboursStayUnseenWhenTheyMove(t *testing.T) {
	t.Parallel()
	w := neighbours(t)
	w.start()
	live := w.mustDial(w.as("town"))
	if err := live.Subscribe(t.Context(), "incident", true); err != nil {
		t.Fatal(err)
	}
	l := live.Layers["incident"]
	if err := live.Until(t.Context(), func() bool { return len(l.Rows) == 2 }); err != nil {
		t.Fatal(err)
	}
	at := orb.Point{119.6, 29.8}
	w.put(
		feature("incident", 1, at, "left", "n", "c.t2"),
		feature("incident", 3, at, "came", "n", "c.t1.v2"),
		feature("incident", 4, at, "secret", "n", "c.t2"),
		feature("incident", 5, at, "secret", "n", "c.t10.v1"),
	)
	var frame string
	for len(l.Rows) != 2 || l.Rows[3].Values["title"] != `"came"` {
		f, err := live.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		frame += f.Raw
	}
	if _, ok := l.Rows[1]; ok || strings.Contains(frame, "secret") || strings.Contains(frame, "left") {
		t.Errorf("%v after %s", l.Rows, frame)
	}
}

// catalogue returns the layers of the catalogue.
func catalogue(c *servertest.Client) []layerOf {
	c.T.Helper()
	var got struct{ Layers []layerOf }
	c.Get("/api/catalog").Want(200).Into(&got)
	return got.Layers
}

type layerOf struct {
	Name    string
	Title   layers.Text
	Columns []layers.Column
	Count   int
}

// tileOf returns the path of the tile that holds a point.
func tileOf(p orb.Point, z int) string {
	m := maptile.At(p, maptile.Zoom(z))
	return fmt.Sprintf("%d/%d/%d", m.Z, m.X, m.Y)
}

// tileIDs returns the ids in a tile, sorted.
func tileIDs(t *testing.T, c *servertest.Client, source, tile string) []int64 {
	t.Helper()
	res := c.Get("/tiles/"+source+"/"+tile, "Accept-Encoding", "gzip")
	if res.Status == 204 {
		return nil
	}
	body := res.Want(200).Body
	if res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	decoded, err := mvt.Unmarshal(body)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	for _, l := range decoded {
		for _, f := range l.Features {
			id, err := json.Number(fmt.Sprint(f.ID)).Int64()
			if err != nil {
				t.Fatalf("id %v: %v", f.ID, err)
			}
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}
