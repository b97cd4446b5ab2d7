-- OpenStreetMap tags into the basemap's schema: docs/basemap.md says which source-layers, kinds and ranks there are.
-- postgis/basemap.go makes the same schema out of the database; a kind or a rank is changed in all three.

-- ---------------------------------------------------------------- tags to kinds

local ROAD = {
  motorway = "motorway", motorway_link = "motorway", trunk = "trunk", trunk_link = "trunk", primary = "primary", primary_link = "primary",
  secondary = "secondary", secondary_link = "secondary", tertiary = "tertiary", tertiary_link = "tertiary",
  residential = "residential", unclassified = "residential", living_street = "residential", road = "residential",
  service = "service", track = "service", busway = "service",
  path = "path", footway = "path", cycleway = "path", pedestrian = "path", steps = "path", bridleway = "path", corridor = "path",
}
local RAIL = { rail = true, light_rail = true, narrow_gauge = true, subway = true }

local ROAD_RANK = { motorway = 1, trunk = 2, primary = 3, rail = 3, secondary = 4, tertiary = 5, residential = 6, service = 7, path = 8 }
local ROAD_ZOOM = { 5, 6, 8, 9, 11, 12, 13, 14 } -- by rank

local LANDUSE = {
  landuse = {
    forest = "forest", grass = "grass", meadow = "grass", village_green = "grass", recreation_ground = "park",
    farmland = "farmland", farmyard = "farmland", greenhouse_horticulture = "farmland", allotments = "farmland",
    orchard = "orchard", vineyard = "orchard", plant_nursery = "orchard", residential = "residential",
    commercial = "commercial", retail = "commercial", industrial = "industrial", port = "industrial", railway = "industrial",
    quarry = "rock", cemetery = "cemetery",
  },
  natural = { wood = "forest", grassland = "grass", heath = "grass", scrub = "grass", wetland = "wetland", sand = "sand", beach = "sand",
    bare_rock = "rock", scree = "rock", shingle = "rock" },
  leisure = { park = "park", garden = "park", golf_course = "park", pitch = "pitch", track = "pitch", stadium = "pitch" },
  amenity = { school = "school", university = "school", college = "school", kindergarten = "school", hospital = "hospital", grave_yard = "cemetery" },
}
local LANDUSE_ORDER = { "landuse", "natural", "leisure", "amenity" }

local WATER_AREA = { river = "river", canal = "canal", reservoir = "reservoir", basin = "reservoir" } -- of water=*, else a lake
local WATER_LINE = { river = "river", canal = "canal", stream = "stream", ditch = "stream", drain = "stream" }
local WATER_LINE_ZOOM = { river = 8, canal = 10, stream = 12 }

local PLACE = {
  country = { "country", 1 }, state = { "province", 2 }, province = { "province", 2 }, city = { "city", 3 },
  county = { "county", 4 }, district = { "county", 4 }, municipality = { "county", 4 }, borough = { "county", 4 },
  town = { "town", 5 }, village = { "village", 6 }, suburb = { "suburb", 6 }, quarter = { "neighbourhood", 7 }, neighbourhood = { "neighbourhood", 7 },
  hamlet = { "hamlet", 8 }, isolated_dwelling = { "hamlet", 8 },
}
local PLACE_ZOOM = { 0, 3, 4, 7, 9, 11, 13, 13 } -- by rank

local LEVEL_M = 3 -- of a storey whose height nobody gave
local TALL_M, LARGE_M2 = 20, 400 -- from here on a building is seen one zoom earlier

-- ---------------------------------------------------------------- values

-- metres reads a length as people write it: "12.5", "12,5 m", "40 ft", "40'", "40'6\"". Nil when it is none.
local function metres(s)
  if s == "" then return nil end
  local feet, inches = s:match("^%s*(%d+)'%s*(%d*)")
  if feet then return (tonumber(feet) + (tonumber(inches) or 0) / 12) * 0.3048 end
  local number, unit = s:gsub(",", "."):match("^%s*(%d+%.?%d*)%s*(%a*)")
  number = tonumber(number)
  if not number then return nil end
  if unit == "" or unit == "m" or unit == "metre" or unit == "metres" then return number end
  if unit == "ft" or unit == "feet" then return number * 0.3048 end
  return nil
end

-- height returns the first of a length and a number of storeys that can be read, in metres, to a decimetre.
local function height(length, levels)
  local m = metres(length)
  if not m then
    local n = tonumber(levels:gsub(",", "."):match("^%s*(%d+%.?%d*)"))
    if n then m = n * LEVEL_M end
  end
  if m and m <= 1000 then return math.floor(m * 10 + 0.5) / 10 end
  return nil
end

local function set_name(o)
  local name, english = o:Find("name"), o:Find("name:en")
  if name == "" then name = o:Find("name:zh") end
  if name ~= "" then o:Attribute("name", name) end
  if english ~= "" then o:Attribute("name_en", english) end
end

-- zoom_of_area is the zoom from which on an area of so many square metres (of Web Mercator) is a few pixels wide.
local function zoom_of_area(area)
  local side = math.sqrt(area)
  for zoom = 0, 13 do
    if side > 6 * 78271.5 / 2 ^ zoom then return zoom end
  end
  return 14
end

-- ---------------------------------------------------------------- objects

node_keys = { "place" }

function init_function() end
function exit_function() end

function node_function(node)
  local place = PLACE[node:Find("place")]
  if not place or node:Find("name") == "" and node:Find("name:zh") == "" then return end
  node:Layer("place", false)
  node:MinZoom(PLACE_ZOOM[place[2]])
  node:Attribute("kind", place[1])
  node:AttributeNumeric("rank", place[2])
  set_name(node)
end

-- Parts (building:part) are drawn beside the outline that they belong to: they are what makes a podium and a tower of it.
local function building(way)
  local value, part = way:Find("building"), way:Find("building:part")
  if (value == "" or value == "no") and (part == "" or part == "no") then return false end
  local low = height(way:Find("min_height"), way:Find("building:min_level")) or 0
  local high = height(way:Find("height"), way:Find("building:levels"))
  if not high or high <= low then high = low + LEVEL_M end
  way:Layer("building", true)
  way:MinZoom((high >= TALL_M or way:Area() >= LARGE_M2) and 12 or 13)
  way:AttributeNumeric("height_m", high)
  way:AttributeNumeric("min_height_m", low)
  return true
end

local function water(way, closed)
  local natural, waterway, landuse = way:Find("natural"), way:Find("waterway"), way:Find("landuse")
  local area = natural == "water" or waterway == "riverbank" or waterway == "dock" or landuse == "reservoir" or landuse == "basin"
  if area and closed then
    local kind = WATER_AREA[way:Find("water")] or "lake"
    if waterway == "riverbank" then kind = "river" elseif landuse ~= "" then kind = "reservoir" end
    way:Layer("water", true)
    way:MinZoom(zoom_of_area(way:Area()))
    way:Attribute("kind", kind)
    set_name(way)
    return true
  end
  local kind = WATER_LINE[waterway]
  if not kind or way:Find("tunnel") ~= "" then return false end
  way:Layer("water_line", false)
  way:MinZoom(WATER_LINE_ZOOM[kind])
  way:Attribute("kind", kind)
  set_name(way)
  return true
end

local function landuse(way)
  for _, key in ipairs(LANDUSE_ORDER) do
    local kind = LANDUSE[key][way:Find(key)]
    if kind then
      way:Layer("landuse", true)
      way:MinZoom(math.max(6, zoom_of_area(way:Area())))
      way:Attribute("kind", kind)
      return true
    end
  end
  return false
end

local function road(way, closed)
  local kind = ROAD[way:Find("highway")]
  if way:Find("area") == "yes" and closed then return false end
  if not kind and RAIL[way:Find("railway")] and way:Find("tunnel") == "" then kind = "rail" end
  if not kind then return false end
  local rank = ROAD_RANK[kind]
  way:Layer("road", false)
  way:MinZoom(way:Find("service") ~= "" and kind == "rail" and 13 or ROAD_ZOOM[rank])
  way:Attribute("kind", kind)
  way:AttributeNumeric("rank", rank)
  if way:Find("name") == "" and way:Find("ref") ~= "" then way:Attribute("name", way:Find("ref")) else set_name(way) end
  return true
end

function way_function(way)
  local closed = way:IsClosed()
  if closed and building(way) then return end
  if road(way, closed) or water(way, closed) then return end
  if closed then landuse(way) end
end
