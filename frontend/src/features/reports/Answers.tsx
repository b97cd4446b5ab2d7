import { useState } from 'react'
import { useText } from '../../i18n'
import '../../i18n/reports'
import { useResting } from '../../lib/useResting'
import { Button } from '../../ui/Button'
import { later } from '../../ui/later'

const KnowledgeSearch = later(() => import('../knowledge/KnowledgeSearch'))

/** Digits of a code that name its large class. */
const CLASS = 2

/** What the knowledge base says of what is told, beside the form: opened once, it follows the title, and the large class as soon as a category is chosen. */
export function Answers({ title, category }: { title: string; category: string | null }) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  const asked = useResting(title.trim())
  return (
    <section className="answers" aria-label={t('reports.knowledge')} data-testid="answers">
      <Button small look="quiet" icon={open ? 'chevronDown' : 'chevronRight'} aria-expanded={open} onPress={() => setOpen(!open)} data-testid="answers-toggle">
        {t('reports.knowledge')}
      </Button>
      {open && (
        <div className="answers-search">
          {category ? <KnowledgeSearch key="class" category={category.slice(0, CLASS)} /> : <KnowledgeSearch key="title" initialQuery={asked} />}
        </div>
      )}
    </section>
  )
}
