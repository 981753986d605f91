// Takes the invitation from behind the address's `#` and opens the result with it. It goes into a
// body, never into an address: addresses end up in histories and logs.
(async () => {
  const trouble = document.getElementById('trouble');
  const tell = (sentence) => {
    document.getElementById('opening').hidden = true;
    trouble.textContent = sentence;
    trouble.hidden = false;
  };
  const token = new URLSearchParams(location.hash.slice(1)).get('invitation');
  history.replaceState(null, '', location.pathname);
  if (!token) {
    // Whoever loads this page again may have a result open.
    location.replace('/result/view');
    return;
  }
  try {
    const response = await fetch('/result/session', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ invitation: token }),
    });
    if (response.ok) {
      location.replace('/result/view');
      return;
    }
    const answer = await response.json();
    tell(answer.error.message);
  } catch {
    tell('Your result cannot be reached now. Open your link again in a moment.');
  }
})();
