import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../../api/client'
import { fieldText } from '../../api/error'
import { bookmarksQuery } from '../../api/queries'
import type { components } from '../../api/schema.gen'
import { beginReplay, jumpReplay } from '../../app/replay'
import { paths } from '../../app/router'
import { may, useSession } from '../../app/session'
import { useText } from '../../i18n'
import '../../i18n/review'
import { serverNow } from '../../lib/clock'
import { stamp } from '../../lib/time'
import { replaying } from '../../live/replay'
import { Button, IconButton } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextInput } from '../../ui/Field'
import { Empty, Failure, Loading } from '../../ui/State'
import { useUndo } from '../../ui/useUndo'
import { spanAround } from './span'

type Mark = components['schemas']['Bookmark']

/** The review of the span that the time bar shows. */
function reviewAddress(at: number): string {
  const [from, until] = spanAround(at, serverNow())
  return `${paths.review}?${new URLSearchParams({ from: new Date(from).toISOString(), until: new Date(until).toISOString() })}`
}

/** Moments that were marked: a new one of the moment that is on screen, and the way back to each. */
export default function Bookmarks({ at, onClose }: { at: number; onClose: () => void }) {
  const { t, locale } = useText()
  const marks = useQuery(bookmarksQuery)
  const client = useQueryClient()
  const undo = useUndo()
  const again = () => client.invalidateQueries({ queryKey: bookmarksQuery.queryKey })
  const forget = useMutation({
    mutationFn: ({ id }: Mark) => take(api.DELETE('/api/bookmarks/{id}', { params: { path: { id } } })),
    onSuccess: (_, { at, title }) => undo(t('bookmark.forgotten', { title }), () => take(api.POST('/api/bookmarks', { body: { at, title } })).finally(again)),
    onSettled: again,
  })
  const open = (moment: number) => {
    onClose()
    if (replaying) void jumpReplay(moment, false)
    else void beginReplay(moment)
  }
  return (
    <Dialog open title={t('bookmark.title')} onClose={onClose} testid="bookmarks">
      <div className="form">
        <Button icon="list" onPress={() => location.assign(reviewAddress(at))} data-testid="review-open">
          {t('review.title')}
        </Button>
        {may(useSession(), 'replay') && <NewBookmark at={at} />}
        {forget.error && <Failure compact error={forget.error} />}
        {marks.isPending ? (
          <Loading text={t('app.loading')} />
        ) : marks.isError ? (
          <Failure compact error={marks.error} onRetry={() => void marks.refetch()} />
        ) : marks.data.length === 0 ? (
          <Empty icon="flag" title={t('bookmark.none')} />
        ) : (
          <ul className="marks">
            {marks.data.map((mark) => (
              <li key={mark.id} className="mark" data-testid="bookmark">
                <button type="button" className="mark-open" onClick={() => open(Date.parse(mark.at))} aria-label={t('bookmark.open', { title: mark.title })}>
                  <time dateTime={mark.at}>{stamp(mark.at, locale)}</time>
                  <strong>{mark.title}</strong>
                  <span>{mark.maker}</span>
                </button>
                {mark.mine && <IconButton icon="close" label={t('bookmark.forget', { title: mark.title })} onPress={() => forget.mutate(mark)} />}
              </li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  )
}

function NewBookmark({ at }: { at: number }) {
  const { t, has, locale } = useText()
  const client = useQueryClient()
  const [title, setTitle] = useState('')
  const make = useMutation({
    mutationFn: () => take(api.POST('/api/bookmarks', { body: { at: new Date(at).toISOString(), title: title.trim() } })),
    onSuccess: () => {
      setTitle('')
      void client.invalidateQueries({ queryKey: bookmarksQuery.queryKey })
    },
  })
  const wrong = fieldText(make.error, 'title', t, has)
  return (
    <form
      className="mark-new"
      onSubmit={(event) => {
        event.preventDefault()
        make.mutate()
      }}
      noValidate
    >
      <TextInput label={t('bookmark.make', { time: stamp(at, locale) })} name="bookmark-title" value={title} onChange={setTitle} error={wrong} placeholder={t('bookmark.hint')} maxLength={80} autoFocus />
      {make.error && !wrong && <Failure compact error={make.error} />}
      <Button type="submit" look="primary" isDisabled={make.isPending}>
        {t('app.save')}
      </Button>
    </form>
  )
}
