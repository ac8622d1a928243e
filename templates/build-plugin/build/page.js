// The script of the report: shows the details of the tile under the pointer or focus, and fades tiles that do not match the search.
const tiles = [...document.querySelectorAll(".tile")];
const detail = document.getElementById("detail");

for (const tile of tiles) {
  const show = () => {
    detail.textContent = tile.dataset.detail;
  };
  tile.addEventListener("pointerenter", show);
  tile.addEventListener("focus", show);
}
document.querySelector(".map").addEventListener("pointerleave", () => {
  detail.textContent = "";
});
document.getElementById("filter").addEventListener("input", ({ target }) => {
  const wanted = target.value.toLowerCase();
  for (const tile of tiles) {
    tile.classList.toggle("faded", !tile.dataset.detail.toLowerCase().includes(wanted));
  }
});
