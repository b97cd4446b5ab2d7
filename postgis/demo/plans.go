package demo

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wanglou/layers/auth"
	"wanglou/layers/clock"
	"wanglou/layers/plan"
	"wanglou/layers/request"
	"wanglou/postgis"
)

const standard = "gbt47678.5-2026"

// plans are written for the demo: what counties usually do, nobody's orders.
var plans = []plan.Content{
	{Title: "厂房火情处置", TitleEN: "Fire in a factory building", Category: "01013", Severity: 2, Text: "先人后物。报警人和现场人员的安全优先，不得自行进入浓烟区域。", Steps: []plan.Step{
		{Who: "dispatcher", What: "电话通知消防救援大队，报明地址和入口", WhatEN: "Call the fire brigade: address and way in", Minutes: 3, Required: true},
		{Who: "dispatcher", What: "通知厂区负责人疏散人员、切断电源", WhatEN: "Have the factory evacuate and cut the power", Minutes: 5, Required: true},
		{Who: "team", What: "封控周边道路，引导消防车辆", WhatEN: "Close the roads around, guide the engines", Minutes: 15, Required: true},
		{Who: "drone_crew", What: "升空查看火点和下风向", WhatEN: "Look at the seat of the fire and downwind from the air", Minutes: 20},
		{Who: "duty_officer", What: "向县应急值班室报告", WhatEN: "Report to the county's emergency desk", Minutes: 20, Required: true},
		{Who: "department", What: "监测下游水体和空气", WhatEN: "Measure water and air downstream", Minutes: 60},
	}},
	{Title: "消防通道占用处置", TitleEN: "Blocked fire lane", Category: "09012", Severity: 2, Text: "先联系车主移车，无法联系的按程序拖移。", Steps: []plan.Step{
		{Who: "team", What: "到场拍照取证（近景、远景）", WhatEN: "Take photographs, close and wide", Minutes: 30},
		{Who: "dispatcher", What: "通知物业联系车主移车", WhatEN: "Have the owners move their cars", Minutes: 10},
		{Who: "team", What: "设置禁停标识，回访物业", WhatEN: "Put up signs, talk to the management", Minutes: 120},
	}},
	{Title: "道路塌陷处置", TitleEN: "Collapsed road", Category: "06013", Severity: 2, Text: "塌陷范围可能继续扩大，任何人不得靠近边缘 3 米以内。", Steps: []plan.Step{
		{Who: "dispatcher", What: "通知交警实施交通管制", WhatEN: "Have the traffic police close the lane", Minutes: 10, Required: true},
		{Who: "team", What: "现场围挡并设置警示灯", WhatEN: "Fence it off and put up warning lights", Minutes: 30, Required: true},
		{Who: "dispatcher", What: "通知燃气、供水、通信单位核查管线", WhatEN: "Have gas, water and telecoms check their lines", Minutes: 20, Required: true},
		{Who: "department", What: "探测塌陷范围，提出抢修方案", WhatEN: "Survey the hollow, propose the repair", Minutes: 240},
	}},
	{Title: "江堤超警戒水位响应", TitleEN: "River above its warning level", Category: "01067", Severity: 1, Text: "水位每 15 分钟报一次，达到保证水位立即转移。", Steps: []plan.Step{
		{Who: "duty_officer", What: "启动防汛值班，报县防指", WhatEN: "Begin the flood watch, tell the county", Minutes: 10, Required: true},
		{Who: "grid_worker", What: "巡堤查险，每 15 分钟报水位", WhatEN: "Patrol the dyke, report every 15 minutes", Minutes: 15, Required: true},
		{Who: "dispatcher", What: "通知沿江村社准备转移", WhatEN: "Have the villages along the river ready to move", Minutes: 20, Required: true},
		{Who: "team", What: "关闭亲水平台和地下通道", WhatEN: "Close riverside platforms and underpasses", Minutes: 30},
	}},
	{Title: "疑似违建核查", TitleEN: "Suspected illegal building", Category: "08016", Severity: 3, Steps: []plan.Step{
		{Who: "dispatcher", What: "查询审批图斑和规划许可", WhatEN: "Look for the permit", Minutes: 60},
		{Who: "team", What: "实地测量、取证、询问当事人", WhatEN: "Measure, photograph, ask the owner", Minutes: 24 * 60, Required: true},
		{Who: "drone_crew", What: "复飞核验", WhatEN: "Fly again to verify", Minutes: 7 * 24 * 60},
	}},
	{Title: "架空线缆脱落处置", TitleEN: "Fallen overhead cable", Category: "10002", Severity: 2, Text: "未确认断电前一律按带电处理。", Steps: []plan.Step{
		{Who: "dispatcher", What: "通知供电、通信单位确认归属并断电", WhatEN: "Find whose it is and have it switched off", Minutes: 10, Required: true},
		{Who: "team", What: "划出 8 米警戒区", WhatEN: "Keep everybody 8 m away", Minutes: 20, Required: true},
		{Who: "department", What: "抢修并恢复净高", WhatEN: "Repair it to its height", Minutes: 180},
	}},
	{Title: "露天焚烧处置", TitleEN: "Open burning", Category: "06020", Severity: 3, Steps: []plan.Step{
		{Who: "grid_worker", What: "到场扑灭余火，确认无复燃", WhatEN: "Put the fire out, make sure that it stays out", Minutes: 30, Required: true},
		{Who: "grid_worker", What: "对当事人宣传教育并登记", WhatEN: "Talk to whoever burns, and note it", Minutes: 60},
	}},
}

// templates fill in the form of a new case.
var templates = []plan.Content{
	{Title: "消防通道被占用", TitleEN: "Fire lane blocked", Category: "09012", Severity: 2, Text: "车辆数量：\n车牌：\n占用长度（米）："},
	{Title: "道路塌陷", TitleEN: "Collapsed road", Category: "06013", Severity: 2, Text: "塌陷面积（平方米）：\n深度（厘米）：\n是否影响通行："},
	{Title: "暴露垃圾", TitleEN: "Exposed waste", Category: "06010", Severity: 3, Text: "约多少立方米：\n种类（生活、建筑、大件）："},
}

// firedAt is the case that has had its plan from the beginning.
const firedAt = "厂房冒烟报警"

func (c *county) writePlans(ctx context.Context, tx pgx.Tx, now time.Time) error {
	write := func(kind plan.Kind, content plan.Content) (id int64, err error) {
		content.Standard = standard
		if err := content.Validate(kind); err != nil {
			return 0, err
		}
		if err := tx.QueryRow(ctx, `INSERT INTO plan (kind) VALUES ($1) RETURNING id`, kind).Scan(&id); err != nil {
			return 0, err
		}
		_, err = tx.Exec(ctx, `INSERT INTO plan_version (plan_id, version, content, saved_by, published_at) VALUES ($1, 1, $2, '示意', $3)`, id, content, now)
		return id, err
	}
	for i, p := range plans {
		id, err := write(plan.Plan, p)
		if err != nil {
			return err
		}
		if i > 0 {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO case_plan (incident_id, plan_id, version, fired_at) SELECT id, $1, 1, created_at FROM incident WHERE title = $2 AND closed_at IS NULL`, id, firedAt); err != nil {
			return err
		}
		for n, s := range p.Steps {
			_, err := tx.Exec(ctx, `INSERT INTO case_step (incident_id, plan_id, place, who, what, what_en, required, due_at, done_at, done_by)
				SELECT c.incident_id, c.plan_id, $2, $3, $4, $5, $6, c.fired_at + make_interval(mins => $7), CASE WHEN $2 < 2 THEN c.fired_at + make_interval(secs => 90 * ($2 + 1)) END,
					CASE WHEN $2 < 2 THEN $8 ELSE '' END FROM case_plan c WHERE c.plan_id = $1`, id, n, s.Who, s.What, s.WhatEN, s.Required, s.Minutes, Users[2].Name)
			if err != nil {
				return err
			}
		}
	}
	for _, p := range templates {
		if _, err := write(plan.Template, p); err != nil {
			return err
		}
	}
	return nil
}

// seedRequests lets two cases wait for somebody's answer, by the services that people use.
func seedRequests(ctx context.Context, db *postgis.DB) error {
	users, err := postgis.NewUsers(db).Users(auth.WithActor(ctx, auth.Operator("demo")))
	if err != nil {
		return err
	}
	s := postgis.NewRequests(db)
	for _, one := range []struct {
		login, title string
		ask          request.Ask
	}{
		{"dispatch", "架空线缆脱落", request.Ask{Kind: request.Extension, Reason: "需等待供电公司停电后才能登杆作业，预计下午完成。", Limit: &clock.Limit{Kind: clock.WorkHour, Amount: 4}}},
		{"supervise", "垃圾堆放", request.Ask{Kind: request.Supervision, Reason: "群众多次反映，请今日清运完毕并说明原因。", Limit: &clock.Limit{Kind: clock.UrgentHour, Amount: 8}}},
	} {
		for _, u := range users {
			if u.Login != one.login {
				continue
			}
			var id int64
			if err := db.Pool.QueryRow(ctx, `SELECT id FROM incident WHERE title = $1 AND closed_at IS NULL ORDER BY id LIMIT 1`, one.title).Scan(&id); err != nil {
				return err
			}
			if _, err := s.Ask(auth.WithActor(ctx, &auth.Actor{User: u, Scope: u.Scope()}), id, &one.ask); err != nil {
				return err
			}
		}
	}
	return nil
}
