import { api, take } from '../../api/client'
import type { Transport } from './outbox'

/** The server, by its contract. */
export const transport: Transport = {
  async step(step) {
    await take(
      api.POST('/api/tasks/{id}/moves', {
        params: { path: { id: step.task }, header: { 'Idempotency-Key': step.id } },
        body: { move: step.move, reason: step.reason, revision: step.revision, source_time: step.made },
      }),
    )
  },
  begin: (photo) =>
    take(
      api.POST('/api/attachments', {
        body: { client_id: photo.id, task_id: photo.task, role: photo.role, type: photo.type as 'image/jpeg', size: photo.size, sha256: photo.sha256, source_time: photo.made, point: photo.point && [...photo.point] },
      }),
    ),
  part: (id, offset, bytes) =>
    take(
      api.PATCH('/api/attachments/{id}', {
        params: { path: { id }, header: { 'Upload-Offset': offset } },
        body: bytes as unknown as string,
        bodySerializer: (body) => body as unknown as Blob,
        headers: { 'Content-Type': 'application/offset+octet-stream' },
      }),
    ),
}
