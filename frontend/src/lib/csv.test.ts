import { expect, test } from 'vitest'
import { csv, csvCell } from './csv'

test.each([['=1+1', "'=1+1"], ['@SUM(A1)', "'@SUM(A1)"], ['+86', "'+86"], ['-x', "'-x"], ['\tx', "'\tx"], ['a,b', '"a,b"'], ['a"b', '"a""b"'], ['城南', '城南'], [-3, '-3'], [null, ''], [NaN, '']] as const)('%j is written %j', (cell, want) =>
  expect(csvCell(cell)).toBe(want),
)

test('Excel reads it: a mark in front, CRLF behind', () => expect(csv([['镇', 1], ['=x', 2]])).toBe("\ufeff镇,1\r\n'=x,2\r\n"))
