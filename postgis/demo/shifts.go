package demo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// rosterDays is how many days from yesterday on the roster is filled.
const rosterDays = 9

// shiftBegin is the hour at which one shift takes over from the other; each lasts a day, so that the demo has somebody on duty whenever it is looked at.
const shiftBegin = 8

// onRoster is who takes turns with himself.
var onRoster = []string{"duty", "dispatch", "unit7", "drone", "duty.chengnan", "duty.tongjun"}

// writeShifts fills the roster, with the role and the area of each account.
func (c *county) writeShifts(ctx context.Context, tx pgx.Tx, now time.Time) error {
	local := now.In(zone)
	for day := range rosterDays {
		begin := time.Date(local.Year(), local.Month(), local.Day()-1+day, shiftBegin, 0, 0, 0, zone)
		for _, login := range onRoster {
			_, err := tx.Exec(ctx, `WITH who AS (SELECT id, roles[1] AS role, areas[1] AS area FROM app_user WHERE login = $1),
				made AS (INSERT INTO shift (area_path, role, starts_at, ends_at) SELECT area, role, $2, $3 FROM who RETURNING id)
				INSERT INTO shift_person (shift_id, user_id) SELECT made.id, who.id FROM made, who`,
				login, begin, begin.AddDate(0, 0, 1))
			if err != nil {
				return err
			}
		}
	}
	return nil
}
