/* The search shows the words around what it has found. For that it fetches
   the pages, which a browser doesn't do from the disk; and where there are no
   words it would fail. */
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";
{
  const wordsAround = Search.makeSearchSummary;
  Search.makeSearchSummary = (...found) =>
    wordsAround(...found) ?? document.createElement("p");
}
