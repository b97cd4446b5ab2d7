import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { api, take } from '../api/client'
import { asApiError } from '../api/error'
import { go, paths } from '../app/router'
import { may, useSession } from '../app/session'
import { useLookKeys } from '../app/useLookKeys'
import { useText } from '../i18n'
import '../i18n/walls'
import { Button } from '../ui/Button'
import { Icon } from '../ui/icons'
import { Empty, Failure, Loading } from '../ui/State'
import { useStore } from '../lib/store'
import { WallForm } from './WallForm'
import { Playlist } from './Playlist'
import { Screens } from './Screens'
import { useJumped } from './jumped'
import { type Wall, WallSocket } from './socket'
import './walls.css'

const WallPicture = lazy(() => import('./WallPicture'))

export const wallsQuery = { queryKey: ['walls'], queryFn: async () => (await take(api.GET('/api/walls'))).items, refetchInterval: 10_000 }

/** Walls and what is done with them, for a console and for a phone in the hand of who stands before one. */
export default function WallsApp() {
  const { t } = useText()
  const walls = useQuery(wallsQuery)
  const [chosen, setChosen] = useState(() => Number(new URLSearchParams(location.search).get('control')))
  const [editing, edit] = useState<Wall | 'new' | null>(null)
  const shows = may(useSession(), 'wall.show')
  useLookKeys()
  /** The address keeps it: whoever stands before a wall every day has it among his bookmarks. */
  const choose = (id: number) => {
    setChosen(id)
    const address = new URL(location.href)
    address.searchParams.set('control', String(id)) // `wall` is what a screen of one says
    history.replaceState(history.state, '', address)
  }
  const wall = walls.data?.find(({ id }) => id === chosen) ?? walls.data?.[0]
  return (
    <div className="walls">
      <header className="walls-head">
        <Button icon="chevronLeft" onPress={() => go(paths.situation)}>{t('walls.back')}</Button>
        <h1>{t('walls.title')}</h1>
        {shows && <Button icon="plus" onPress={() => edit('new')} data-testid="wall-new">{t('walls.make')}</Button>}
      </header>
      <main className="walls-main">
        {walls.isPending ? (
          <Loading text={t('app.loading')} />
        ) : walls.isError ? (
          <Failure error={walls.error} onRetry={() => void walls.refetch()} />
        ) : !wall ? (
          <Empty icon="screen" title={t('walls.none')} detail={t('walls.noneHint')} />
        ) : (
          <>
            {walls.data.length > 1 && (
              <nav className="walls-list" aria-label={t('walls.title')}>
                {walls.data.map((each) => (
                  <button type="button" key={each.id} aria-current={each.id === wall.id || undefined} onClick={() => choose(each.id)}>
                    {each.name}
                  </button>
                ))}
              </nav>
            )}
            <OneWall key={wall.id} listed={wall} shows={shows} onEdit={edit} />
          </>
        )}
      </main>
      {editing && <WallForm wall={editing === 'new' ? null : editing} onClose={() => edit(null)} />}
    </div>
  )
}

/** A wall, live: what it shows, who holds it, how its screens do. */
function OneWall({ listed, shows, onEdit }: { listed: Wall; shows: boolean; onEdit: (wall: Wall) => void }) {
  const { t } = useText()
  const client = useQueryClient()
  const socket = useMemo(() => new WallSocket(`/api/walls/${listed.id}/live`), [listed.id])
  useEffect(() => () => socket.close(), [socket])
  const news = useStore(socket.news)
  const wall = news.wall ?? listed
  const { user, version } = useSession()
  const [keeping, keep] = useState(false)
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((n) => n + 1), 1000)
    return () => clearInterval(timer)
  }, [])
  const command = useMutation({
    mutationFn: (body: { command: 'next' | 'previous' | 'hold' | 'take' | 'release' | 'show' | 'acknowledge'; scene?: Wall['playlist'][number]; incident?: number }) =>
      take(api.POST('/api/walls/{id}/commands', { params: { path: { id: wall.id } }, body })),
    onSettled: () => client.invalidateQueries({ queryKey: wallsQuery.queryKey }),
  })
  const save = useMutation({
    mutationFn: (change: Partial<Pick<Wall, 'playlist' | 'rules'>>) => {
      const { revision, name, area_path, layout, playlist, rules } = wall
      return take(api.PUT('/api/walls/{id}', { params: { path: { id: wall.id } }, body: { revision, name, area_path, layout, playlist, rules, ...change } }))
    },
    onSettled: () => client.invalidateQueries({ queryKey: wallsQuery.queryKey }),
  })
  const { state } = wall
  const others = state.held && state.by_id !== user.id
  const { shown } = news
  const jumped = useJumped(shown?.incident ?? 0)
  const left = shown && !shown.until.startsWith('0001') ? Math.max(0, Math.ceil((Date.parse(shown.until) - socket.now) / 1000)) : null
  const failed = command.error ?? save.error
  return (
    <>
      <section className="walls-part walls-now" aria-label={t('walls.now')}>
        <div className="walls-title">
          <h2>{wall.name}</h2>
          {shows && <Button small onPress={() => onEdit(wall)}>{t('walls.edit')}</Button>}
        </div>
        {!news.connected && <p className="walls-bad" role="status">{t('walls.away')}</p>}
        <p className="walls-shown" data-testid="wall-shown">
          <span className="walls-quiet">{t('walls.now')}</span>
          <strong>{shown?.incident ? jumped : shown?.scene.name || t('walls.noScene')}</strong>
          {state.held && (
            <span className="walls-held" data-testid="wall-held">
              <Icon name="user" />
              {t('walls.heldBy', { name: state.by })}
            </span>
          )}
          <span className="walls-quiet">
            {!state.held && t('walls.free')}
            {left !== null && ` · ${t('walls.goesOn', { s: left })}`}
          </span>
        </p>
        {shows && (
          <div className="walls-buttons">
            {shown?.incident ? (
              <Button look="primary" onPress={() => command.mutate({ command: 'acknowledge', incident: shown.incident })} data-testid="wall-acknowledge">{t('walls.acknowledge')}</Button>
            ) : null}
            <Button icon="chevronLeft" isDisabled={others} onPress={() => command.mutate({ command: 'previous' })}>{t('walls.previous')}</Button>
            <Button icon="chevronRight" isDisabled={others} onPress={() => command.mutate({ command: 'next' })} data-testid="wall-next">{t('walls.next')}</Button>
            {others ? (
              <Button onPress={() => command.mutate({ command: 'take' })} data-testid="wall-take">{t('walls.take')}</Button>
            ) : state.held ? (
              <Button onPress={() => command.mutate({ command: 'release' })} data-testid="wall-release">{t('walls.release')}</Button>
            ) : (
              <Button onPress={() => command.mutate({ command: 'hold' })} data-testid="wall-hold">{t('walls.hold')}</Button>
            )}
          </div>
        )}
        {shown && shown.scene.zoom !== 0 && (
          <div className="walls-buttons">
            <Button icon="screen" onPress={() => keep(true)} data-testid="wall-picture">{t('walls.picture')}</Button>
          </div>
        )}
        {keeping && shown && (
          <Suspense fallback={<Loading text={t('app.loading')} />}>
            <WallPicture wall={wall} shown={shown} now={socket.now} onClose={() => keep(false)} />
          </Suspense>
        )}
        {failed && asApiError(failed).code !== 'unauthorized' && <Failure compact error={failed} />}
      </section>
      <Playlist wall={wall} entry={shown?.entry ?? -1} shows={shows} others={others} onShow={(scene) => command.mutate({ command: 'show', scene })} onSave={(change) => save.mutate(change)} />
      <Screens wall={wall} now={socket.now} version={version} />
    </>
  )
}
