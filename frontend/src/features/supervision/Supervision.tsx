import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import '../../i18n/notify'
import { api, take } from '../../api/client'
import { go, paths } from '../../app/router'
import { useAreas } from '../../domain/useAreas'
import { useIncidents } from '../../domain/useIncidents'
import { useText } from '../../i18n'
import { useNow } from '../../lib/clock'
import { duration, moment } from '../../lib/time'
import { useLayer } from '../../live/hooks'
import { Icon, type IconName } from '../../ui/icons'
import { SeveritySign } from '../../ui/Severity'
import { Empty, Failure, Loading } from '../../ui/State'
import { unanswered } from '../duty/unanswered'
import { type CaseRequest, type Column, type Entry, behind, columns, entries, grouped, totals } from './board'
import './supervision.css'

const watchedKey = ['board']
const supervisionsKey = ['board', 'supervisions']
/** A storm of changes asks once in so long. */
const ASK_MS = 1500

const signs: Record<Column, IconName> = { overdue: 'alert', soon: 'clock', supervised: 'flag', urged: 'arrow', unanswered: 'eyeOff', returned: 'undo', reworked: 'refresh' }
const warnings: Partial<Record<Column, 'bad' | 'warn'>> = { overdue: 'bad', soon: 'warn', supervised: 'warn', urged: 'warn', unanswered: 'bad' }

/** 督办看板: what is late, demanded, urged and not answered, by department and town; each number opens its cases. It follows the live copy. */
export default function Supervision() {
  const { t, locale } = useText()
  const board = useBoard()
  const areas = useAreas()
  const [by, setBy] = useState<'department' | 'town'>('department')
  const [chosen, setChosen] = useState<{ column: Column; key: string | null }>({ column: 'overdue', key: null })
  if (board.failed && board.all.length === 0) return <Failure error={board.failed} onRetry={board.again} />
  if (!board.loaded) return <Loading text={t('app.loading')} />
  const keyOf = (entry: Entry) => (by === 'department' ? entry.department : (areas.town(entry.incident.areaPath)?.path ?? ''))
  const nameOf = (key: string) => (by === 'department' ? key || t('board.noDepartment') : areas.name(key, locale) || t('board.noTown'))
  const sum = totals(board.all)
  const listed = behind(board.all, chosen.column, (entry) => chosen.key === null || keyOf(entry) === chosen.key)
  return (
    <main className="supervision" aria-labelledby="board-title" data-testid="supervision">
      <header className="supervision-head">
        <h2 id="board-title">{t('board.title')}</h2>
        {board.failed && (
          <span className="supervision-stale" role="status">
            {t('board.stale')}
          </span>
        )}
      </header>
      <div className="tiles" role="group" aria-label={t('board.title')}>
        {columns.map((column) => (
          <button key={column} type="button" className="tile" data-kind={sum[column] > 0 ? warnings[column] : undefined} aria-pressed={chosen.column === column && chosen.key === null} onClick={() => setChosen({ column, key: null })} data-testid={`tile-${column}`}>
            <span className="tile-label">
              <Icon name={signs[column]} />
              {t(`board.${column}`)}
            </span>
            <b className="tile-count">{sum[column]}</b>
          </button>
        ))}
      </div>
      <section className="supervision-table" aria-label={t('board.by')}>
        <div className="supervision-by" role="group" aria-label={t('board.by')}>
          {(['department', 'town'] as const).map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={by === each}
              onClick={() => {
                setBy(each)
                setChosen(({ column }) => ({ column, key: null }))
              }}
              data-testid={`by-${each}`}
            >
              {t(`board.${each}`)}
            </button>
          ))}
        </div>
        <div className="supervision-scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">{t(`board.${by}`)}</th>
                {columns.map((column) => (
                  <th scope="col" key={column}>
                    {t(`board.${column}`)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {grouped(board.all, keyOf).map(({ key, counts }) => (
                <tr key={key}>
                  <th scope="row">{nameOf(key)}</th>
                  {columns.map((column) => (
                    <td key={column}>
                      {counts[column] === 0 ? (
                        <span className="count-none">0</span>
                      ) : (
                        <button
                          type="button"
                          className="count"
                          data-kind={warnings[column]}
                          aria-pressed={chosen.column === column && chosen.key === key}
                          aria-label={`${nameOf(key)} ${t(`board.${column}`)} ${counts[column]}`}
                          onClick={() => setChosen({ column, key })}
                          data-testid={`count-${column}`}
                        >
                          {counts[column]}
                        </button>
                      )}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
          {board.all.length === 0 && <Empty icon="check" title={t('board.empty')} />}
        </div>
      </section>
      <section className="supervision-cases" aria-labelledby="board-cases">
        <h3 className="block-title" id="board-cases">
          {t(`board.${chosen.column}`)}
          {chosen.key !== null && ` · ${nameOf(chosen.key)}`} · {listed.length}
        </h3>
        {listed.length === 0 ? (
          <Empty icon="check" title={t('board.none')} />
        ) : (
          <ul>
            {listed.slice(0, SHOWN).map((entry) => (
              <Case key={entry.incident.id} entry={entry} demands={board.supervisions.filter((each) => each.incident_id === entry.incident.id)} place={areas.place(entry.incident.areaPath, locale)} />
            ))}
          </ul>
        )}
        {listed.length > SHOWN && <p className="supervision-more">{t('board.more', { n: listed.length - SHOWN })}</p>}
      </section>
    </main>
  )
}

/** More than this nobody reads in one go: the table narrows it down. */
const SHOWN = 200

function Case({ entry, demands, place }: { entry: Entry; demands: readonly CaseRequest[]; place: string }) {
  const { t, locale } = useText()
  const { incident, department } = entry
  const now = useNow(10)
  return (
    <li>
      <button type="button" className="watched" onClick={() => go(paths.situation, { layer: 'incident', id: incident.id })} data-testid={`watched-${incident.id}`}>
        <SeveritySign level={incident.severity} size="1.5rem" label={t(`severity.${incident.severity}`)} />
        <span className="watched-title truncate">{incident.title}</span>
        {incident.dueAt !== null && (entry.in.has('overdue') || entry.in.has('soon')) && (
          <span className={`due-${entry.in.has('overdue') ? 'red' : 'amber'}`}>{t(entry.in.has('overdue') ? 'queue.over' : 'queue.left', { time: duration(Math.abs(incident.dueAt - now), t) })}</span>
        )}
        <span className="watched-place truncate">
          {[incident.number, place, department].filter(Boolean).join(' · ')} · {t(`stage.${incident.stage}`)}
        </span>
      </button>
      {demands.map((demand) => (
        <p key={demand.id} className="demand">
          <Icon name="flag" />
          <span>
            {t('board.says', { name: demand.author_name, text: demand.reason })}
            {demand.due_at && <span className="demand-due"> {t('board.answerBy', { time: moment(demand.due_at, locale) })}</span>}
            {demand.state === 'answered' && <span className="demand-due"> {t('board.answered')}</span>}
          </span>
        </p>
      ))}
    </li>
  )
}

/** The live copy, and what the server knows besides: asked again when the copy says that a case or a task has changed. */
function useBoard() {
  const { locale } = useText()
  const client = useQueryClient()
  const layer = useLayer('incident')
  const tasks = useLayer('task')
  const incidents = useIncidents()
  const now = useNow(10)
  const watched = useQuery({ queryKey: watchedKey, queryFn: async () => (await take(api.GET('/api/board'))).items })
  const supervisions = useQuery({ queryKey: supervisionsKey, queryFn: async () => (await take(api.GET('/api/requests', { params: { query: { kind: 'supervision', open: true } } }))).items })
  useEffect(() => {
    const timer = setTimeout(() => void client.invalidateQueries({ queryKey: watchedKey }), ASK_MS) // both: one key is the other's beginning
    return () => clearTimeout(timer)
  }, [client, layer.version, tasks.version])
  const late = useMemo(() => new Set(unanswered(tasks).map(({ incident }) => incident)), [tasks, tasks.version])
  const all = useMemo(
    () => entries({ incidents, watched: watched.data ?? [], supervisions: supervisions.data ?? [], unanswered: late, now, english: locale === 'en' }),
    [incidents, watched.data, supervisions.data, late, now, locale],
  )
  return {
    all,
    supervisions: supervisions.data ?? [],
    loaded: layer.loaded && !watched.isPending && !supervisions.isPending,
    failed: watched.error ?? supervisions.error,
    again: () => void client.invalidateQueries({ queryKey: watchedKey }),
  }
}
