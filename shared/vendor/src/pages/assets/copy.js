// Copies a value. Pages work without: the values can be selected, and the buttons are hidden until this runs.
document.querySelectorAll("button[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    const value = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(value.textContent.trim());
    button.textContent = "Copied";
    document.getElementById("said").textContent = `${button.dataset.what} copied`;
    setTimeout(() => {
      button.textContent = label;
      document.getElementById("said").textContent = "";
    }, 2000);
  });
});
