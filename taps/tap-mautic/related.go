package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/signalroom/signalroom/protocol"
	"github.com/signalroom/signalroom/protocol/rawjson"
	"github.com/signalroom/signalroom/taps/tap/rest"
)

// sendRelated sends what the list names but does not hold: Mautic up to 6 lists variants and translations where a question has
// conditions, as ours do, later ones do not.
func (r *reading) sendRelated(ctx context.Context) error {
	rows := r.rows
	for len(rows.related) > 0 {
		id := rows.related[0]
		if rows.related = rows.related[1:]; rows.seen[id] {
			continue
		}
		var answer map[string]json.RawMessage
		path := "api/" + r.path + "/"
		err := r.client.JSON(ctx, &rest.Request{Path: path + strconv.FormatInt(id, 10), Endpoint: path + "{id}"}, &answer)
		if rest.Status(err) == http.StatusNotFound {
			continue
		}
		if err != nil {
			return err
		}
		if _, err := rows.send(answer[strings.TrimSuffix(r.member, "s")]); err != nil {
			return err
		}
	}
	return nil
}

// relate notes the rows that a row names.
func (r *rows) relate(l *listing, id int64, row []byte) {
	if len(l.related) == 0 {
		return
	}
	r.seen[id] = true
	for _, member := range l.related {
		var children []json.RawMessage
		if json.Unmarshal(inForm(protocol.Array, rest.Member(row, member)), &children) != nil {
			continue
		}
		for _, child := range children {
			if rawjson.KindOf(child) != rawjson.Object {
				child = append(append([]byte(`{"id":`), child...), '}')
			}
			if id, err := idOf(child); err == nil {
				r.related = append(r.related, id)
			}
		}
	}
}
