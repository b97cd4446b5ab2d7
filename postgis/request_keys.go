package postgis

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers"
	"wanglou/layers/auth"
)

// keepKeys is how long a repeat of a request finds the first one's answer.
const keepKeys = 7 * 24 * time.Hour

// answered reads into answer what an earlier request of the actor's was told under the key, and reports whether there was one. The caller holds a lock that repeats of the
// request wait for. CodeConflict with reason "key_taken" where the earlier one asked for something else.
func answered(ctx context.Context, tx pgx.Tx, key string, asked, answer any) (bool, error) {
	user := auth.ActorFrom(ctx).User.ID
	if key == "" || user == 0 {
		return false, nil
	}
	question, err := json.Marshal(asked)
	if err != nil {
		return false, err
	}
	var (
		same bool
		told []byte
	)
	err = tx.QueryRow(ctx, `SELECT asked = $3::jsonb, answer FROM request_key WHERE user_id = $1 AND key = $2`, user, key, question).Scan(&same, &told)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return false, nil
	case err != nil:
		return false, err
	case !same:
		return false, &layers.Error{Code: layers.CodeConflict, Field: "Idempotency-Key", Reason: "key_taken", Msg: "the key belongs to another request"}
	}
	return true, json.Unmarshal(told, answer)
}

// remember keeps an answer for repeats.
func remember(ctx context.Context, tx pgx.Tx, key string, asked, answer any) error {
	user := auth.ActorFrom(ctx).User.ID
	if key == "" || user == 0 {
		return nil
	}
	question, err := json.Marshal(asked)
	if err != nil {
		return err
	}
	told, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO request_key (user_id, key, asked, answer) VALUES ($1, $2, $3, $4)`, user, key, question, told)
	return err
}
