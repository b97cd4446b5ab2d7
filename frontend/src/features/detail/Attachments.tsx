import { useState } from 'react'
import type { IncidentDetail } from '../../api/types'
import { may, useSession } from '../../app/session'
import { useText } from '../../i18n'
import '../../i18n/attachments'
import { lonLat } from '../../lib/format'
import { moment } from '../../lib/time'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { Icon } from '../../ui/icons'
import { Facts, Section } from './Frame'
import './attachments.css'

type Attachment = IncidentDetail['attachments'][number]

const address = (id: number, query = '') => `/api/attachments/${id}${query}`
const isVideo = (each: Attachment) => each.type.startsWith('video/')

/** The evidence of a case, small; one press shows it large, with what is known of it. */
export default function Attachments({ items }: { items: Attachment[] }) {
  const { t, locale } = useText()
  const [shown, setShown] = useState<number | null>(null)
  const at = items.findIndex((each) => each.id === shown)
  return (
    <Section title={t('attachments.title')} note={items.length} testid="attachments">
      <ul className="attachments">
        {items.map((each) => (
          <li key={each.id}>
            <button
              type="button"
              className="attachment"
              onClick={() => setShown(each.id)}
              aria-label={t(isVideo(each) ? 'attachments.openVideo' : 'attachments.open', { role: t(`attachments.roles.${each.role}`), who: each.sender || t('attachments.reporter'), time: moment(each.source_time, locale) })}
              data-testid={`attachment-${each.id}`}
            >
              {each.has_thumb ? (
                <img src={address(each.id, '?thumbnail=true')} alt="" loading="lazy" />
              ) : (
                <span className="attachment-blank">
                  <Icon name={isVideo(each) ? 'play' : 'camera'} />
                  {t(isVideo(each) ? 'attachments.video' : 'attachments.noThumb')}
                </span>
              )}
              <span className="attachment-role">{t(`attachments.roles.${each.role}`)}</span>
            </button>
          </li>
        ))}
      </ul>
      {at >= 0 && <Large key={shown} item={items[at]!} before={items[at - 1]?.id} after={items[at + 1]?.id} onShow={setShown} />}
    </Section>
  )
}

function Large({ item, before, after, onShow }: { item: Attachment; before?: number; after?: number; onShow: (id: number | null) => void }) {
  const { t, locale } = useText()
  const session = useSession()
  const [failed, setFailed] = useState(false)
  const role = t(`attachments.roles.${item.role}`)
  return (
    <Dialog open wide title={role} onClose={() => onShow(null)} testid="attachment-large">
      {failed ? (
        <p role="alert">{t('attachments.failed')}</p>
      ) : isVideo(item) ? (
        <video className="attachment-large" src={address(item.id)} controls preload="metadata" onError={() => setFailed(true)} />
      ) : (
        <img className="attachment-large" src={address(item.id)} alt={role} onError={() => setFailed(true)} />
      )}
      <Facts
        facts={[
          [t('attachments.what'), role],
          [t('attachments.who'), item.sender || t('attachments.reporter')],
          [t('attachments.taken'), moment(item.source_time, locale)],
          [t('attachments.arrived'), item.done_at && moment(item.done_at, locale)],
          [t('attachments.place'), item.point ? lonLat(item.point) : t('attachments.noPlace')],
          [t('attachments.file'), `${item.type}, ${(item.size / 2 ** 20).toFixed(1)} MB`],
          ['SHA-256', <code key="sum" className="attachment-sum">{item.sha256}</code>, true],
        ]}
      />
      <p className="attachment-note">{t('attachments.shared')}</p>
      <div className="dialog-foot">
        {may(session, 'attachment.original') && (
          <a className="button button-quiet" href={address(item.id, '?original=true')} download data-testid="attachment-original">
            <span className="button-text">{t('attachments.original')}</span>
          </a>
        )}
        <Button isDisabled={!before} onPress={() => onShow(before!)}>
          {t('attachments.previous')}
        </Button>
        <Button isDisabled={!after} onPress={() => onShow(after!)}>
          {t('attachments.next')}
        </Button>
      </div>
    </Dialog>
  )
}
