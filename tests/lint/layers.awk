# layers.awk - includes against app/LAYERS (the first file). Also: one io file per library, none in a header.
BEGIN {
	n = split("sqlite3.h=sqlite cJSON.h=cjson civetweb.h=civetweb curl/=curl mbedtls/=mbedtls psa/=mbedtls " \
		"librdkafka/=rdkafka openssl/=openssl", w, " ")
	for (i = 1; i <= n; i++) { split(w[i], p, "="); vendor_prefix[i] = p[1]; vendor_name[i] = p[2] }
	vendors = n
}
FILENAME ~ /LAYERS$/ {
	if ($0 ~ /^#/ || NF == 0) next
	layer = $1; sub(/:$/, "", layer); known[layer] = 1
	for (i = 2; i <= NF; i++) { word = $i; gsub(/[\[\]]/, "", word); may[layer, word] = 1 }
	next
}
FNR == 1 { layer = FILENAME; sub(/^app\//, "", layer); sub(/\/.*/, "", layer) }
FNR == 1 && !(layer in known) { print FILENAME ":1: layer: " layer " is not in app/LAYERS" }
/^[ \t]*#[ \t]*include[ \t]*"/ {
	split($0, p, "\""); target = p[2]; to = target; sub(/\/.*/, "", to)
	if (target !~ /\//) { print FILENAME ":" FNR ": layer: \"" target "\" is written with its folder"; next }
	if (to != layer && !((layer, to) in may) && !((layer, target) in may))
		print FILENAME ":" FNR ": layer: " layer " may not include " target
}
/^[ \t]*#[ \t]*include[ \t]*</ {
	target = $0; sub(/.*</, "", target); sub(/>.*/, "", target)
	for (i = 1; i <= vendors; i++) {
		if (index(target, vendor_prefix[i]) != 1) continue
		if (FILENAME !~ /\.c$/ || layer != "io")
			print FILENAME ":" FNR ": vendor: <" target "> belongs into one .c of io"
		else if (home[vendor_name[i]] != "" && home[vendor_name[i]] != FILENAME)
			print FILENAME ":" FNR ": vendor: " vendor_name[i] " is already seen by " home[vendor_name[i]]
		else
			home[vendor_name[i]] = FILENAME
	}
}
