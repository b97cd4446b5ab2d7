// Package postgis is everything SQL: the cluster that the program keeps for itself, the migrations, the follower that
// turns the database's write-ahead log into commits of [layers], and the services behind the domain's interfaces.
//
// Geometry comes and goes as EPSG:4326, longitude first. Errors for people are *layers.Error; see [Wrap].
package postgis
