// Plays the recording from where a button says; j and k go to the next and the last such place.
const player = document.querySelector('#player');
const jumps = [...document.querySelectorAll('.jump')];
for (const button of jumps) {
  button.hidden = !player;
  button.addEventListener('click', () => play(Number(button.dataset.at)));
}

function play(at) {
  player.currentTime = at / 1000;
  void player.play();
}

document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input, textarea, select');
  if (!player || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const places = jumps.map((button) => Number(button.dataset.at)).sort((a, b) => a - b);
  const now = player.currentTime * 1000;
  if (event.key === 'j') {
    const next = places.find((at) => at > now + 200);
    if (next !== undefined) play(next);
  } else if (event.key === 'k') {
    const last = places.filter((at) => at < now - 1500).pop();
    if (last !== undefined) play(last);
  }
});
