import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, take } from '../api/client'
import { useText } from '../i18n'
import { stamp } from '../lib/time'
import { Button } from '../ui/Button'
import { Empty, Failure, Loading } from '../ui/State'
import { type Token, accessLabel, tokensKey } from './accessTokens'
import { AdminHead, NewButton } from './AdminHead'
import { ConfirmDialog } from './ConfirmDialog'
import { TokenForm } from './TokenForm'

/** Personal access tokens: one's own or, for who manages users, everybody's. */
export function TokenList({ all }: { all: boolean }) {
  const { t, locale } = useText()
  const tokens = useQuery({ queryKey: tokensKey, queryFn: async () => (await take(api.GET('/api/tokens'))).items, staleTime: 0 })
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<Token | null>(null)
  if (tokens.isPending) return <Loading text={t('app.loading')} />
  if (tokens.isError) return <Failure error={tokens.error} onRetry={() => void tokens.refetch()} />
  const now = Date.now()
  return (
    <section aria-labelledby="tokens-title">
      <AdminHead id="tokens-title" title={t('admin.tokens')} hint={t('admin.tokensHint')}>
        <NewButton testid="new-token" text={t('admin.newToken')} onPress={() => setMaking(true)} />
      </AdminHead>
      {tokens.data.length === 0 ? (
        <Empty icon="list" title={t('admin.tokensEmpty')} />
      ) : (
        <table className="grid">
          <thead>
            <tr>
              <th scope="col">{t('admin.tokenName')}</th>
              {all && <th scope="col">{t('admin.login')}</th>}
              <th scope="col">{t('admin.access')}</th>
              <th scope="col">{t('admin.made')}</th>
              <th scope="col">{t('admin.expires')}</th>
              <th scope="col">{t('admin.lastUsed')}</th>
              <th scope="col" />
            </tr>
          </thead>
          <tbody>
            {tokens.data.map((token) => {
              const over = Date.parse(token.expires_at) <= now
              return (
                <tr key={token.id} data-testid="token" data-disabled={over || undefined}>
                  <th scope="row">{token.name}</th>
                  {all && <td>{token.login}</td>}
                  <td>
                    {t(accessLabel[token.access])}
                    {token.scene && <span className="grid-details"> {token.scene}</span>}
                  </td>
                  <td>{stamp(token.created_at, locale)}</td>
                  <td>{over ? t('admin.expired') : stamp(token.expires_at, locale)}</td>
                  <td>{token.last_used ? stamp(token.last_used, locale) : t('admin.never')}</td>
                  <td className="grid-action">
                    <Button onPress={() => setRevoking(token)} aria-label={`${t('admin.revoke')} ${token.name}`}>
                      {t('admin.revoke')}
                    </Button>
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {making && <TokenForm onClose={() => setMaking(false)} />}
      {revoking && (
        <ConfirmDialog
          title={t('admin.revokeToken', { name: revoking.name })}
          hint={t('admin.revokeHint')}
          action={t('admin.revoke')}
          done={t('admin.revoked', { name: revoking.name })}
          act={() => take(api.DELETE('/api/tokens/{id}', { params: { path: { id: revoking.id } } }))}
          queryKey={tokensKey}
          onClose={() => setRevoking(null)}
          testid="revoke-token"
        />
      )}
    </section>
  )
}
