// Drives `videoworld gtp` through @sabaki/gtp, the module that Sabaki itself
// uses, the way Sabaki does: handshake at once, state sync, undo by replay,
// handicap and setup stones, analysis broken off by the next command.
'use strict'

const {Controller, ControllerStateTracker} = require('@sabaki/gtp')

let n = 0
let failed = 0

const ok = (condition, what, detail) => {
  n++
  console.log(`${condition ? 'ok' : 'not ok'} ${n} - sabaki: ${what}`)
  if (!condition) {
    failed++
    if (detail !== undefined) console.log('# ' + JSON.stringify(detail))
  }
}

const other = color => (color === 'B' ? 'W' : 'B')

// Sends cmd, and stop as soon as `lines` lines with `info` came.  Resolves to both responses.
const analyseUntil = async (engine, cmd, lines, stop) => {
  const infos = []
  let stopped = null
  const response = await engine.sendCommand(cmd, ({line}) => {
    if (line.startsWith('info ')) infos.push(line)
    if (infos.length >= lines && !stopped) stopped = engine.sendCommand(stop)
  })
  return {response, infos, stopped: await stopped}
}

const stonesOf = sgf => {
  const moves = []
  for (const m of sgf.matchAll(/;\s*([BW])\[([a-z]{0,2})\]/g)) moves.push([m[1], m[2]])
  return moves
}

const toSgf = vertex => {
  if (/^pass$/i.test(vertex)) return ''
  const x = 'ABCDEFGHJ'.indexOf(vertex[0].toUpperCase())
  const y = 9 - parseInt(vertex.slice(1), 10)
  return String.fromCharCode(97 + x, 97 + y)
}

async function main() {
  const engine = new Controller(process.env.VIDEOWORLD, ['gtp', '--player', 'random', '--seed', '7'])
  const stderr = []
  engine.on('stderr', ({content}) => stderr.push(content))
  const tracker = new ControllerStateTracker(engine)
  engine.start()

  // Sabaki's handshake: all of it at once.
  const hello = await Promise.all(
    ['name', 'version', 'protocol_version', 'list_commands'].map(name =>
      engine.sendCommand({name})
    )
  )
  ok(hello.every(r => !r.error), 'handshake sent at once is answered', hello)
  ok(hello[2].content === '2', 'protocol version 2', hello[2])
  const commands = hello[3].content.split('\n').map(x => x.trim())
  ok(commands[0] === 'protocol_version', 'the list starts with protocol_version', commands[0])
  ok(
    !commands.includes('analyze') && !commands.includes('genmove_analyze'),
    'no bare analyze is offered'
  )

  // A whole game, every position synced by the tracker before each genmove.
  await tracker.sync({komi: 7, boardsize: [9, 9], history: []})
  let color = 'B'
  let passes = 0
  while (passes < 2 && tracker.state.history.length < 300) {
    const r = await tracker.queueCommand({name: 'genmove', args: [color]})
    if (r.error) break
    passes = /^pass$/i.test(r.content) ? passes + 1 : 0
    color = other(color)
  }
  ok(passes === 2, 'a whole game ends with two passes', tracker.state.history.length)
  const history = tracker.state.history.slice()
  const score = await engine.sendCommand({name: 'final_score'})
  ok(/^([BW]\+\d+(\.5)?|0)$/.test(score.content), 'the game is scored', score)

  const sgf = await engine.sendCommand({name: 'printsgf'})
  const played = stonesOf(sgf.content)
  const wanted = history.map(c => [c.args[0], toSgf(c.args[1])])
  ok(
    JSON.stringify(played) === JSON.stringify(wanted),
    'printsgf holds the game that Sabaki saw',
    {played, wanted}
  )

  // Undo: Sabaki sends a batch of undo and play at once.
  const shorter = history.slice(0, history.length - 9)
  await tracker.sync({komi: 7, boardsize: [9, 9], history: shorter})
  const before = await engine.sendCommand({name: 'showboard'})
  await engine.sendCommand({name: 'clear_board'})
  for (const c of shorter) await engine.sendCommand(c)
  const replayed = await engine.sendCommand({name: 'showboard'})
  ok(before.content === replayed.content, 'nine moves undone give the board of a fresh replay')
  await tracker.sync({komi: 7, boardsize: [9, 9], history})
  ok(tracker.state.history.length === history.length, 'and they can be played again')

  // Sizes, komi, handicap as setup stones.
  await tracker.sync({
    komi: 0.5,
    boardsize: [13, 13],
    history: [
      {name: 'set_free_handicap', args: ['D4', 'K10', 'D10']},
      {name: 'play', args: ['W', 'K4']}
    ]
  })
  const handicap = await engine.sendCommand({name: 'printsgf'})
  ok(
    /HA\[3\]/.test(handicap.content) && /KM\[0\.5\]/.test(handicap.content),
    'handicap and komi arrive',
    handicap
  )
  await tracker.sync({boardsize: [7, 5], komi: 0, history: []})
  const rect = await engine.sendCommand({name: 'play', args: ['B', 'G5']})
  ok(!rect.error, 'rectangular boards work')
  const off = await engine.sendCommand({name: 'play', args: ['W', 'A6']})
  ok(off.error, 'a move off a rectangular board is refused')

  // Setup stones in the middle of a game.
  await tracker.sync({boardsize: [9, 9], komi: 7, history: []})
  const setup = await engine.sendCommand({
    name: 'gogui-setup',
    args: ['b', 'C3', 'w', 'D3', 'w', 'C4']
  })
  const atC3 = await engine.sendCommand({name: 'play', args: ['W', 'C3']})
  ok(!setup.error && atC3.error, 'setup stones stand on the board')

  // Analysis, broken off by the command that comes next.
  await tracker.sync({boardsize: [9, 9], komi: 7, history: history.slice(0, 20)})
  for (const name of ['lz-analyze', 'kata-analyze']) {
    const {infos, response, stopped} = await analyseUntil(
      engine,
      {name, args: ['B', '10']},
      3,
      {name: 'known_command', args: ['play']}
    )
    ok(infos.length >= 3 && !response.error, `${name} reports until it is stopped`, infos)
    ok(
      infos.every(l => /^info move \S+ visits \d+ .* pv \S+/.test(l)),
      `${name} says move, visits and pv`,
      infos[0]
    )
    ok(stopped.content === 'true', `the command that stops ${name} is answered`, stopped)
  }
  const genmove = []
  const r = await engine.sendCommand({name: 'kata-genmove_analyze', args: ['B', '10']}, ({line}) =>
    genmove.push(line)
  )
  ok(
    !r.error && genmove.some(l => /^play \S+$/.test(l)),
    'kata-genmove_analyze ends with play',
    genmove
  )

  // Thousands of commands in the pipe, each answered in its turn.
  const many = []
  for (let i = 0; i < 2500; i++) {
    many.push(engine.sendCommand({name: 'clear_board'}))
    many.push(engine.sendCommand({name: 'play', args: ['B', 'E5']}))
    many.push(engine.sendCommand({name: 'play', args: ['W', 'E5']}))
    many.push(engine.sendCommand({name: 'undo'}))
  }
  const answers = await Promise.all(many)
  ok(
    answers.every((a, i) => a.error === (i % 4 === 2)),
    '10,000 commands in one go are answered in order'
  )

  ok(
    stderr.every(l => !/^[=?]|^(info|play)\b| -> /.test(l)),
    'nothing on stderr looks like a reply',
    stderr
  )
  const gone = new Promise(resolve => engine.process.once('exit', resolve))
  await engine.stop()
  ok((await gone) === 0, 'quit ends it with status 0')
  console.log(`1..${n}`)
  process.exit(failed ? 1 : 0)
}

setTimeout(() => {
  console.log(`Bail out! no answer within 240 seconds, after test ${n}`)
  process.exit(1)
}, 240000).unref()
main().catch(err => {
  console.log(`Bail out! ${err.stack.replace(/\n/g, ' ')}`)
  process.exit(1)
})
