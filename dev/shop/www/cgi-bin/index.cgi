#!/bin/sh
# The shop's one page: its greeting, which is part of the image, and what Slingshot tells every container.
html() { printf '%s' "$1" | busybox sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'; }

printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
busybox cat <<HTML
<!doctype html>
<html lang="en">
<title>Shop, $(html "$SLINGSHOT_STACK")</title>
<style>body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 45rem; margin: 4rem auto } dt { color: #666 } dd { margin: 0 0 .6rem }</style>
<h1>$(html "$(busybox cat /www/greeting)")</h1>
<dl>
<dt>Stack</dt><dd>$(html "$SLINGSHOT_STACK")</dd>
<dt>Pull request</dt><dd>$(html "$SLINGSHOT_PULL_REQUEST")</dd>
<dt>Title</dt><dd>$(html "$TITLE")</dd>
<dt>Commit</dt><dd><code>$(html "$SLINGSHOT_SHA")</code></dd>
<dt>Address</dt><dd>$(html "$SLINGSHOT_URL")</dd>
</dl>
</html>
HTML
