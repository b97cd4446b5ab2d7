import { tour } from '../../actions/tour'
import type { ActionContext } from '../../actions/types'
import { useText } from '../../i18n'
import '../../i18n/tour'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/icons'
import { nowKnown } from './known'
import './tour.css'

/** Offers the tour to somebody who is new at this screen, once. */
export default function Offer({ context }: { context: ActionContext }) {
  const { t } = useText()
  const done = () => nowKnown(context.session.user.login)
  return (
    <section className="tour-offer" aria-label={t(tour.label)} data-testid="tour-offer">
      <Icon name={tour.icon} />
      <span>{t('tour.offer')}</span>
      <Button
        small
        look="primary"
        onPress={() => {
          done()
          tour.perform(context)
        }}
      >
        {t('tour.start')}
      </Button>
      <Button small onPress={done}>
        {t('tour.later')}
      </Button>
    </section>
  )
}
