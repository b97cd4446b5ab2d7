import { change } from '../../app/workbench'
import { useText } from '../../i18n'
import '../../i18n/knowledge'
import { Dialog } from '../../ui/Dialog'
import KnowledgeSearch from './KnowledgeSearch'

/** The knowledge base over the console. */
export default function KnowledgePanel() {
  const { t } = useText()
  return (
    <Dialog open wide title={t('knowledge.title')} onClose={() => change({ knowledge: false })} testid="knowledge">
      <KnowledgeSearch autoFocus />
    </Dialog>
  )
}
