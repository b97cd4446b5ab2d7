package server

import (
	"github.com/labstack/echo/v4"

	"wanglou/layers"
	"wanglou/layers/incident"
)

// keptBoard returns the service, or CodeNotFound where there is no board.
func (s *Server) keptBoard() (incident.Board, error) {
	if s.board == nil {
		return nil, layers.Errorf(layers.CodeNotFound, "this server has no board")
	}
	return s.board, nil
}

func (s *Server) listWatched(c echo.Context) error {
	return listStored(c, s.keptBoard, incident.Board.Watched)
}
