import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo } from 'react'
import { catalogQuery } from '../api/queries'
import { changeSettings } from '../app/settings'
import { useText } from '../i18n'
import '../i18n/walls'
import { clock } from '../lib/time'
import { useStore } from '../lib/store'
import { Icon } from '../ui/icons'
import { Empty, Failure, Loading } from '../ui/State'
import { Picture } from './Picture'
import { useJumped } from './jumped'
import { dropKept, keptAt } from './kept'
import { type WallNews, WallSocket } from './socket'
import './screen.css'

/** Which wall and which of its screens this browser is: ?wall=7&screen=1,3. A wall of one screen needs no second part. */
function asked(): { wall: number; row: number; column: number } {
  const search = new URLSearchParams(location.search)
  const [row = NaN, column = NaN] = (search.get('screen') ?? '1,1').split(',').map(Number)
  return { wall: Number(search.get('wall')), row, column }
}

/** One screen of a wall: its slice of the view that all of them show, and nothing else. */
export default function WallScreen() {
  const { t } = useText()
  const me = useMemo(asked, [])
  const catalog = useQuery(catalogQuery)
  const socket = useMemo(() => new WallSocket(`/api/walls/${me.wall}/live?screen=${me.row},${me.column}`), [me])
  const news = useStore(socket.news)
  useEffect(() => {
    changeSettings({ display: 'wall' })
    return () => socket.close()
  }, [socket])
  const { layout } = news.wall ?? {}
  const key = JSON.stringify([layout?.width, layout?.height])
  const missing = news.over || (layout && !(me.row <= layout.rows && me.column <= layout.columns && me.row >= 1 && me.column >= 1))
  useEffect(() => {
    if (missing || catalog.isError) dropKept() // what is wrong has to be seen
  }, [missing, catalog.isError])
  if (missing) return <Empty icon="screen" title={t('walls.noScreen')} detail={t('walls.noScreenHint')} />
  if (catalog.isError) return <Failure error={catalog.error} onRetry={() => void catalog.refetch()} />
  if (catalog.isPending || !layout) return <Loading text={news.connected ? t('app.loading') : t('walls.connecting')} />
  return (
    <div className="wall-screen" data-testid="wall-screen">
      <Picture key={key} catalog={catalog.data} layout={layout} row={me.row} column={me.column} socket={socket} />
      <Signs news={news} first={me.row === 1 && me.column === 1} />
    </div>
  )
}

/** What has to be said over the map, at the wall's first screen alone. */
function Signs({ news, first }: { news: WallNews; first: boolean }) {
  const { t } = useText()
  const { locale } = useText()
  const { shown, wall, connected } = news
  const kept = keptAt()
  const jumped = useJumped((first && shown?.incident) || 0)
  return (
    <div className="wall-signs">
      {!connected && (
        <p className="wall-sign wall-bad" role="status">
          <Icon name="alert" />
          {t('walls.away')}
        </p>
      )}
      {kept !== null && (
        <p className="wall-sign wall-loading" role="status">
          <Icon name="refresh" />
          {t('walls.kept', { time: clock(kept, locale) })}
        </p>
      )}
      {first && shown?.incident ? (
        <p className="wall-sign wall-bad" role="status">
          <Icon name="alert" />
          {jumped}
        </p>
      ) : null}
      {first && wall?.state.held && (
        <p className="wall-sign">
          <Icon name="user" />
          {t('walls.heldBy', { name: wall.state.by })}
        </p>
      )}
      {first && shown && shown.scene.zoom === 0 && <p className="wall-sign">{t('walls.noScene')}</p>}
      {first && shown && shown.scene.name !== '' && <p className="wall-sign">{shown.scene.name}</p>}
    </div>
  )
}
