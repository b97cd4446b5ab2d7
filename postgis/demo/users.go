package demo

import (
	"context"

	"github.com/alexedwards/argon2id"
	"github.com/jackc/pgx/v5"
)

// Password is every demo account's. It is public: a database that holds these accounts must not be reachable by strangers.
const Password = "wanglou-demo"

// User is a demo account.
type User struct {
	Login, Name, Role, Area string
	unit                    string // code
}

// Users are the demo accounts, one of each kind.
var Users = []User{
	{"viewer", "李敏", "viewer", CountyCode, ""},
	{"duty", "陈立", "duty_officer", CountyCode, ""},
	{"dispatch", "王芳", "dispatcher", CountyCode, ""},
	{"unit7", "巡查7组", "unit", CountyCode, "P07"},
	{"supervise", "周涛", "supervisor", CountyCode, ""},
	{"drone", "无人机1组", "drone_team", CountyCode, "D01"},
	{"admin", "系统管理员", "admin", "*", ""},
	{"duty.chengnan", "城南街道值班", "duty_officer", CountyCode + ".330122004", ""},
	{"duty.tongjun", "桐君街道值班", "duty_officer", CountyCode + ".330122003", ""},
}

func (c *county) writeDepartments(ctx context.Context, tx pgx.Tx) error {
	for _, d := range departments {
		if _, err := tx.Exec(ctx, `INSERT INTO department (code, name, name_en) VALUES ($1, $2, $3)`, d.code, d.name, d.nameEN); err != nil {
			return err
		}
	}
	return nil
}

// writeUsers stores the accounts. One hash serves all: they share the password, and hashing is slow by intention.
func (c *county) writeUsers(ctx context.Context, tx pgx.Tx) error {
	hash, err := argon2id.CreateHash(Password, &argon2id.Params{Memory: 64 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32})
	if err != nil {
		return err
	}
	for _, u := range Users {
		_, err := tx.Exec(ctx, `INSERT INTO app_user (login, name, password_hash, roles, areas, unit_id)
			VALUES ($1, $2, $3, ARRAY[$4], ARRAY[$5], (SELECT id FROM unit WHERE code = $6))`, u.Login, u.Name, hash, u.Role, u.Area, u.unit)
		if err != nil {
			return err
		}
	}
	return nil
}
