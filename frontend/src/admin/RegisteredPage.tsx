import { useQuery } from '@tanstack/react-query'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import '../i18n/registered'
import { useNow } from '../lib/clock'
import { age, stamp } from '../lib/time'
import { LampShape } from '../ui/LampSign'
import { Empty, Failure, Loading } from '../ui/State'
import { AdminHead } from './AdminHead'
import { byNeed, type DeviceState } from './registered'
import './registered.css'

const LAMP = { live: 'live', silent: 'delayed', expired: 'offline', gone: 'connecting' } as const

/** Recorders and cameras that register by themselves, those that want somebody first, and what others have to be told. */
export default function RegisteredPage() {
  const { t, locale } = useText()
  const now = useNow(5)
  const devices = useQuery({ queryKey: ['gb28181', 'devices'], queryFn: () => take(api.GET('/api/gb28181/devices')), staleTime: 0, refetchInterval: 10_000 })
  if (devices.isPending) return <Loading text={t('app.loading')} />
  if (devices.isError && !devices.data) return <Failure error={devices.error} onRetry={() => void devices.refetch()} />
  const { items, platform } = devices.data
  const list = byNeed(items, now)
  const live = list.filter((each) => each.state === 'live').length
  return (
    <section aria-labelledby="registered-title">
      <AdminHead id="registered-title" title={t('admin.registered')} hint={t('registered.hint')}>
        {list.length > 0 && <p className="registered-count">{t('registered.some', { live, n: list.length })}</p>}
      </AdminHead>
      {devices.isError && <Failure compact error={devices.error} onRetry={() => void devices.refetch()} />}
      {list.length === 0 ? (
        <Empty icon="camera" title={t(platform ? 'registered.empty' : 'registered.off')} detail={platform ? undefined : t('registered.offDetail')} />
      ) : (
        <table className="grid registered">
          <thead>
            <tr>
              <th scope="col">{t('registered.state')}</th>
              <th scope="col">{t('registered.device')}</th>
              <th scope="col">{t('registered.address')}</th>
              <th scope="col" className="registered-number">
                {t('registered.channels')}
              </th>
              <th scope="col">{t('registered.since')}</th>
              <th scope="col">{t('registered.heard')}</th>
            </tr>
          </thead>
          <tbody>
            {list.map(({ device, state }) => (
              <tr key={device.id} data-testid={`device-${device.id}`} data-state={state}>
                <td>
                  <StateSign state={state} />
                </td>
                <th scope="row">
                  {device.id}
                  {device.agent && <div className="grid-details">{device.agent}</div>}
                </th>
                <td>
                  {device.address} {device.transport.toUpperCase()}
                </td>
                <td className="registered-number">{device.channels}</td>
                <td>{stamp(device.registered_at, locale)}</td>
                <td>{t('registered.ago', { age: age(Math.max(0, now - Date.parse(device.heard_at)), t) })}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {platform && (
        <div className="registered-how">
          <p>{t('registered.how')}</p>
          <dl>
            <dt>{t('registered.server')}</dt>
            <dd>{t('registered.serverValue', { port: platform.port })}</dd>
            <dt>{t('registered.id')}</dt>
            <dd className="registered-value">{platform.id}</dd>
            <dt>{t('registered.realm')}</dt>
            <dd className="registered-value">{platform.realm}</dd>
            <dt>{t('registered.password')}</dt>
            <dd>{t('registered.passwordValue')}</dd>
            <dt>{t('registered.keepalive')}</dt>
            <dd>{t('registered.keepaliveValue')}</dd>
          </dl>
        </div>
      )}
    </section>
  )
}

function StateSign({ state }: { state: DeviceState }) {
  const { t } = useText()
  return (
    <span className="registered-state">
      <LampShape state={LAMP[state]} />
      {t(`registered.${state}`)}
    </span>
  )
}
