# Ladders on 9x9, 13x13 and 19x19, for any engine that speaks GTP:
#
#   videoworld bench suite tests/ladders/ladders.tst --engine "gnugo --mode gtp"
#
# Positions are moves in turn from an empty board, because every engine knows play and not all
# know loadsgf, and because a network that looks at past moves then sees a game and not a riddle.
# Komi is such that the game hangs on the ladder.  Which kind of question it is:
#
#   works   the attacker is asked, and one of two ataris catches the prey in a ladder
#   choice  likewise, but both ataris begin a ladder, and a stone on its way breaks one of them
#   escape  the prey is in atari; a stone breaks the ladder, so it runs out
#   lost    the prey is in atari and the ladder works: anything but running out
#
# tests/test_ladders proves each claim: of all legal moves exactly the answers catch, or save, the
# prey (for "lost": no move saves it).  That the ladder is the largest thing on the board was
# asked of KataGo (g170-b6c96, 250 visits, with and without the answers): they are worth 5 to
# 31 points more than any other move, and running out of a ladder that works costs 3 to 8.

# works: prey F5, caught in 13 plies
boardsize 9
clear_board
komi 21.5
play black E6
play white C7
play black G4
play white F4
play black F3
play white E4
play black C4
play white D5
play black E5
play white G3
play black E3
play white D3
play black D4
play white F5
101 reg_genmove black
#? [G5]

# works: prey F5, caught in 9 plies
boardsize 9
clear_board
komi 7.5
play black C3
play white E3
play black C7
play white G4
play black F3
play white G3
play black D5
play white F2
play black F4
play white E5
play black E6
play white E4
play black E2
play white H4
play black G2
play white F1
play black F5
102 reg_genmove white
#? [F6]

# works: prey E4, caught in 17 plies
boardsize 9
clear_board
komi 19.5
play black F3
play white G2
play black H4
play white F4
play black E3
play white G4
play black G5
play white H3
play black G3
play white H5
play black J4
play white E2
play black F5
play white E4
103 reg_genmove black
#? [D4]

# works: prey D6, caught in 11 plies
boardsize 9
clear_board
komi -5.5
play black C5
play white B5
play black H5
play white C7
play black D5
play white D4
play black E4
play white C6
play black D2
play white E5
play black B6
play white C4
play black D6
104 reg_genmove white
#? [E6]

# works: prey F4, caught in 9 plies
boardsize 9
clear_board
komi 26.5
play black G3
play white G4
play black H4
play white J4
play black G5
play white G6
play black E3
play white F3
play black D7
play white F1
play black F2
play white F4
105 reg_genmove black
#? [F5]

# choice: prey E5, one ladder works, in 15 plies
boardsize 9
clear_board
komi 30.5
play black C4
play white F4
play black F6
play white G3
play black G4
play white E3
play black E4
play white H5
play black D4
play white F5
play black F3
play white D3
play black G5
play white E5
play black F2
play white C5
106 reg_genmove black
#? [D5]

# choice: prey D6, one ladder works, in 9 plies
boardsize 9
clear_board
komi -2.5
play black D4
play white C4
play black C5
play white C7
play black G5
play white B6
play black A6
play white B5
play black C6
play white C3
play black F3
play white C8
play black B4
play white D5
play black D6
play white E5
play black G8
107 reg_genmove white
#? [E6]

# choice: prey E6, one ladder works, in 11 plies
boardsize 9
clear_board
komi 20.5
play black F4
play white G4
play black C2
play white E3
play black F6
play white G7
play black D5
play white F5
play black F7
play white E6
play black E4
play white E5
play black G5
play white B7
108 reg_genmove black
#? [D6]

# choice: prey D6, one ladder works, in 19 plies
boardsize 9
clear_board
komi -3.5
play black D6
play white B6
play black B8
play white C5
play black C6
play white B7
play black A6
play white E7
play black D8
play white C8
play black C7
play white C9
play black H7
play white D7
play black H5
109 reg_genmove white
#? [E6]

# escape: prey F6, the ladder is broken
boardsize 9
clear_board
komi -4.5
play black F5
play white G5
play black D6
play white F4
play black F6
play white D5
play black F8
play white E6
play black G4
play white E7
play black E3
play white E4
play black E5
play white G6
110 reg_genmove black
#? [F7]

# escape: prey E4, the ladder is broken
boardsize 9
clear_board
komi 18.5
play black D5
play white C5
play black F3
play white E4
play black F6
play white F4
play black E5
play white H4
play black C7
play white D3
play black G5
play white F5
play black G4
play white E6
play black D4
111 reg_genmove white
#? [E3]

# escape: prey E4, the ladder is broken
boardsize 9
clear_board
komi -4.5
play black G3
play white F3
play black B3
play white G5
play black E8
play white E5
play black F5
play white D5
play black F4
play white F6
play black E4
play white G4
play black G6
play white E3
112 reg_genmove black
#? [D4]

# escape: prey D5, the ladder is broken
boardsize 9
clear_board
komi 23.5
play black F4
play white D4
play black D3
play white B8
play black E3
play white C3
play black E5
play white G7
play black G4
play white E4
play black E6
play white F5
play black E7
play white F3
play black C4
play white D5
play black C5
113 reg_genmove white
#? [D6]

# escape: prey F6, the ladder is broken
boardsize 9
clear_board
komi -2.5
play black F3
play white H5
play black D6
play white E5
play black H7
play white F4
play black F5
play white G5
play black J6
play white H6
play black F6
play white G7
play black G6
play white F7
114 reg_genmove black
#? [E6]

# escape: prey F5, the ladder is broken
boardsize 9
clear_board
komi 15.5
play black D5
play white E3
play black F6
play white F5
play black G2
play white D7
play black E7
play white E5
play black D6
play white G7
play black G6
play white G4
play black E4
play white E6
play black F4
115 reg_genmove white
#? [G5]

# lost: prey F6, caught in 13 plies
boardsize 9
clear_board
komi -3.5
play black F6
play white E7
play black D7
play white E5
play black G8
play white F8
play black F7
play white G7
play black D5
play white E6
play black D6
play white G6
116 reg_genmove black
#? [!F5]

# lost: prey E5, caught in 15 plies
boardsize 9
clear_board
komi 14.5
play black F6
play white G6
play black F4
play white E5
play black D6
play white C6
play black H5
play white E7
play black G5
play white F5
play black E6
play white D7
play black D5
117 reg_genmove white
#? [!E4]

# lost: prey E5, caught in 15 plies
boardsize 9
clear_board
komi -7.5
play black C6
play white E6
play black D7
play white F6
play black F7
play white G5
play black F2
play white H5
play black G6
play white F4
play black E5
play white D6
play black F5
play white D5
118 reg_genmove black
#? [!E4]

# works: prey F8, caught in 17 plies
boardsize 13
clear_board
komi 14.5
play black L11
play white J7
play black F3
play white H9
play black H8
play white K4
play black F7
play white G8
play black E7
play white F6
play black G6
play white D7
play black H7
play white L6
play black G9
play white G7
play black G10
play white F8
201 reg_genmove black
#? [E8]

# works: prey D9, caught in 13 plies
boardsize 13
clear_board
komi 0.5
play black E8
play white F7
play black D3
play white E11
play black K4
play white K11
play black D7
play white E7
play black K8
play white E6
play black E9
play white D8
play black G4
play white C8
play black C7
play white G8
play black G7
play white F9
play black F8
play white E10
play black D9
202 reg_genmove white
#? [C9]

# works: prey E9, caught in 15 plies
boardsize 13
clear_board
komi 25.5
play black F7
play white C8
play black E7
play white D3
play black G4
play white F9
play black G9
play white G7
play black L8
play white E8
play black D5
play white F8
play black D8
play white H9
play black G8
play white K4
play black F10
play white E9
203 reg_genmove black
#? [D9]

# works: prey D7, caught in 13 plies
boardsize 13
clear_board
komi -12.5
play black B6
play white E7
play black F8
play white C6
play black D6
play white K4
play black F6
play white C5
play black D5
play white E8
play black H10
play white E6
play black K10
play white E9
play black E5
play white D4
play black E11
play white E4
play black F7
play white F5
play black C4
play white L6
play black D7
204 reg_genmove white
#? [C7]

# works: prey J7, caught in 17 plies
boardsize 13
clear_board
komi 32.5
play black L6
play white L5
play black H6
play white D4
play black J5
play white L8
play black K8
play white K6
play black G11
play white K7
play black D11
play white K4
play black K5
play white J6
play black L7
play white E8
play black L11
play white J7
205 reg_genmove black
#? [J8]

# choice: prey E9, one ladder works, in 15 plies
boardsize 13
clear_board
komi 14.5
play black K11
play white H3
play black F8
play white E9
play black F11
play white K4
play black L9
play white E10
play black F9
play white F10
play black D10
play white E11
play black D11
play white G9
play black G10
play white C11
play black E12
play white D5
206 reg_genmove black
#? [E8]

# choice: prey D7, one ladder works, in 11 plies
boardsize 13
clear_board
komi -4.5
play black K10
play white C6
play black L8
play white E7
play black C4
play white C5
play black F8
play white F6
play black D6
play white E8
play black E6
play white K4
play black D5
play white D4
play black D7
play white E5
play black C10
207 reg_genmove white
#? [D8]

# choice: prey H4, one ladder works, in 11 plies
boardsize 13
clear_board
komi 16.5
play black K10
play white F6
play black G6
play white F4
play black G4
play white G5
play black E5
play white H4
play black H6
play white G7
play black G3
play white D10
play black F5
play white H5
play black J5
play white K4
208 reg_genmove black
#? [J4]

# choice: prey K7, one ladder works, in 11 plies
boardsize 13
clear_board
komi -5.5
play black K5
play white G6
play black H7
play white L6
play black L5
play white H8
play black K7
play white H5
play black G8
play white D8
play black F7
play white K11
play black D11
play white H10
play black H4
play white K6
play black J7
play white J8
play black H6
play white J6
play black D4
play white G7
play black F3
play white D6
play black K9
209 reg_genmove white
#? [K8]

# escape: prey J5, the ladder is broken
boardsize 13
clear_board
komi -13.5
play black J5
play white H6
play black L7
play white L6
play black M6
play white J7
play black H7
play white J11
play black K6
play white K7
play black J3
play white K4
play black C4
play white L5
play black J6
play white L10
play black K5
play white C10
play black F10
play white H5
210 reg_genmove black
#? [J4]

# escape: prey G5, the ladder is broken
boardsize 13
clear_board
komi 11.5
play black D11
play white C6
play black H3
play white J6
play black H6
play white G4
play black F4
play white K10
play black H5
play white H4
play black G3
play white J3
play black C9
play white F7
play black J4
play white F3
play black G11
play white G5
play black F5
211 reg_genmove white
#? [G6]

# escape: prey G6, the ladder is broken
boardsize 13
clear_board
komi -6.5
play black G6
play white H4
play black J5
play white C5
play black F3
play white F5
play black H8
play white F4
play black G5
play white H5
play black G4
play white H3
play black G2
play white H7
play black J4
play white G3
play black E9
play white J6
play black H6
play white G7
212 reg_genmove black
#? [F6]

# escape: prey G8, the ladder is broken
boardsize 13
clear_board
komi 20.5
play black H7
play white K6
play black J6
play white J7
play black F3
play white G8
play black K8
play white F6
play black G7
play white K9
play black F7
play white H6
play black H9
play white J8
play black K7
play white F12
play black J9
play white H8
play black J5
play white G6
play black F8
213 reg_genmove white
#? [G9]

# escape: prey D9, the ladder is broken
boardsize 13
clear_board
komi 0.5
play black B10
play white H3
play black C11
play white F8
play black C4
play white K4
play black D9
play white C6
play black E3
play white L7
play black F11
play white E10
play black K10
play white D10
play black G8
play white C10
play black C8
play white H11
play black F9
play white G9
play black F7
play white F10
play black D11
play white E8
play black E9
play white D8
214 reg_genmove black
#? [C9]

# escape: prey E10, the ladder is broken
boardsize 13
clear_board
komi 8.5
play black D9
play white C10
play black G11
play white C6
play black C9
play white E11
play black D11
play white E10
play black J3
play white B11
play black E12
play white D10
play black C11
play white F12
play black B10
play white G10
play black L4
play white D4
play black F11
play white K10
play black F10
215 reg_genmove white
#? [E9]

# lost: prey J7, caught in 13 plies
boardsize 13
clear_board
komi -9.5
play black J7
play white K7
play black L7
play white D4
play black K5
play white E11
play black L6
play white F3
play black L9
play white H8
play black J8
play white J10
play black J3
play white C10
play black J9
play white K6
play black C7
play white H9
play black L11
play white K8
play black L8
play white G9
play black L3
play white K9
play black G11
play white J6
216 reg_genmove black
#? [!H7]

# lost: prey F5, caught in 17 plies
boardsize 13
clear_board
komi 26.5
play black L7
play white F4
play black F3
play white D3
play black G4
play white D11
play black E3
play white L4
play black K10
play white H4
play black E6
play white F5
play black D4
play white F2
play black C4
play white D5
play black E5
play white E4
play black G5
217 reg_genmove white
#? [!F6]

# lost: prey E6, caught in 17 plies
boardsize 13
clear_board
komi -9.5
play black D8
play white K10
play black K3
play white D4
play black E5
play white D7
play black D11
play white G5
play black C7
play white E4
play black C4
play white C5
play black E6
play white H11
play black K7
play white F5
play black D5
play white D6
play black F4
play white E7
218 reg_genmove black
#? [!F6]

# works: prey H13, caught in 23 plies
boardsize 19
clear_board
komi 16.5
play black H12
play white P4
play black G10
play white G12
play black R14
play white C16
play black G11
play white G13
play black J12
play white K3
play black G14
play white F11
play black F12
play white R4
play black F13
play white H11
play black D4
play white K12
play black Q16
play white H13
301 reg_genmove black
#? [J13]

# works: prey K15, caught in 39 plies
boardsize 19
clear_board
komi -2.5
play black Q4
play white M14
play black J17
play white N15
play black L17
play white N16
play black H16
play white Q16
play black M16
play white L14
play black N14
play white D3
play black R6
play white L16
play black E16
play white C5
play black L15
play white K16
play black C16
play white M17
play black M15
play white J16
play black K15
302 reg_genmove white
#? [J15]

# works: prey J11, caught in 23 plies
boardsize 19
clear_board
komi 31.5
play black K13
play white D8
play black P3
play white L13
play black H12
play white K12
play black J13
play white J12
play black D3
play white Q16
play black K10
play white C16
play black C5
play white L10
play black L12
play white G12
play black R4
play white K11
play black K9
play white K14
play black L11
play white J11
303 reg_genmove black
#? [H11]

# works: prey G13, caught in 33 plies
boardsize 19
clear_board
komi -7.5
play black G14
play white D4
play black Q12
play white Q3
play black K4
play white H14
play black F13
play white D13
play black Q8
play white Q5
play black C17
play white C6
play black D12
play white G16
play black J14
play white E12
play black Q16
play white F12
play black E13
play white F14
play black F15
play white E14
play black O17
play white G15
play black G13
304 reg_genmove white
#? [H13]

# works: prey P12, caught in 49 plies
boardsize 19
clear_board
komi 38.5
play black C4
play white J3
play black R12
play white R14
play black D16
play white O14
play black Q14
play white P13
play black N13
play white Q12
play black P14
play white P17
play black R13
play white R11
play black O13
play white G17
play black Q11
play white Q13
play black Q4
play white P12
305 reg_genmove black
#? [P11]

# choice: prey D9, one ladder works, in 31 plies
boardsize 19
clear_board
komi 6.5
play black D4
play white C9
play black C11
play white D11
play black E10
play white E12
play black E11
play white D9
play black E17
play white R16
play black F10
play white R4
play black B9
play white K17
play black D12
play white B10
play black C16
play white D10
play black C8
play white O16
play black C10
play white M4
306 reg_genmove black
#? [E9]

# choice: prey O8, one ladder works, in 25 plies
boardsize 19
clear_board
komi 1.5
play black O8
play white Q9
play black R5
play white N9
play black O9
play white R16
play black J17
play white O11
play black Q3
play white P10
play black C14
play white N10
play black N11
play white P17
play black P9
play white P6
play black D16
play white D4
play black O10
play white P8
play black Q8
play white P7
play black G3
307 reg_genmove white
#? [N8]

# choice: prey D15, one ladder works, in 9 plies
boardsize 19
clear_board
komi 5.5
play black C17
play white E15
play black C16
play white Q16
play black B16
play white G17
play black G16
play white F15
play black E14
play white F16
play black F17
play white D15
play black D16
play white D17
play black M16
play white D3
play black F14
play white C5
play black R7
play white G14
play black E16
play white Q3
play black G15
play white C13
308 reg_genmove black
#? [D14]

# choice: prey O11, one ladder works, in 19 plies
boardsize 19
clear_board
komi -6.5
play black O11
play white Q3
play black Q6
play white C4
play black O10
play white N8
play black D8
play white E3
play black C13
play white N11
play black L10
play white O9
play black C16
play white M10
play black L9
play white P10
play black N10
play white N12
play black N9
play white M9
play black R16
309 reg_genmove white
#? [O12]

# escape: prey O14, the ladder is broken
boardsize 19
clear_board
komi -4.5
play black O14
play white N15
play black N14
play white N13
play black L13
play white M13
play black F3
play white R4
play black D4
play white L14
play black S10
play white O16
play black C8
play white P3
play black O15
play white P15
play black Q15
play white M15
play black M14
play white D16
play black N16
play white P14
310 reg_genmove black
#? [O13]

# escape: prey O14, the ladder is broken
boardsize 19
clear_board
komi 13.5
play black M14
play white D16
play black C6
play white R4
play black D4
play white M15
play black D9
play white R17
play black N15
play white M12
play black P13
play white O13
play black O12
play white N14
play black M13
play white N13
play black N12
play white O14
play black O15
311 reg_genmove white
#? [P14]

# escape: prey L14, the ladder is broken
boardsize 19
clear_board
komi -1.5
play black G17
play white L12
play black K12
play white D13
play black L14
play white M15
play black L13
play white M12
play black O13
play white R16
play black E3
play white D10
play black C4
play white J3
play black D16
play white P16
play black Q4
play white N14
play black O3
play white K13
play black N12
play white N13
play black M14
play white R8
play black M13
play white K14
312 reg_genmove black
#? [L15]

# escape: prey G15, the ladder is broken
boardsize 19
clear_board
komi 24.5
play black G14
play white Q3
play black M15
play white L14
play black D5
play white J15
play black R16
play white H17
play black D3
play white K17
play black H14
play white L16
play black K14
play white F13
play black K16
play white C16
play black J14
play white K15
play black H16
play white H15
play black L15
play white J13
play black P16
play white R5
play black J16
play white K13
play black F14
play white G15
play black G16
313 reg_genmove white
#? [F15]

# escape: prey N6, the ladder is broken
boardsize 19
clear_board
komi 7.5
play black P5
play white Q5
play black F17
play white Q6
play black P6
play white P4
play black C16
play white P16
play black N6
play white O7
play black C4
play white O5
play black O6
play white R16
play black R5
play white P7
play black E3
play white N5
play black Q4
play white M6
314 reg_genmove black
#? [N7]

# escape: prey F11, the ladder is broken
boardsize 19
clear_board
komi 12.5
play black E11
play white D17
play black Q17
play white F11
play black R15
play white P3
play black F13
play white G4
play black D12
play white F12
play black D3
play white E12
play black E13
play white D11
play black G12
play white F14
play black E10
play white G13
play black G11
315 reg_genmove white
#? [F10]

# lost: prey M13, caught in 27 plies
boardsize 19
clear_board
komi -11.5
play black M14
play white R4
play black C4
play white L13
play black K15
play white N14
play black K13
play white L12
play black M16
play white L15
play black L14
play white M15
play black D15
play white K4
play black M13
play white J14
play black L11
play white C7
play black Q16
play white K14
play black D17
play white M12
316 reg_genmove black
#? [!N13]

# lost: prey L5, caught in 33 plies
boardsize 19
clear_board
komi 14.5
play black K4
play white L5
play black M4
play white K5
play black J5
play white K3
play black L16
play white E17
play black C6
play white J4
play black L4
play white M3
play black D4
play white C16
play black Q16
play white N4
play black K6
play white R4
play black M5
317 reg_genmove white
#? [!L6]

# lost: prey O9, caught in 21 plies
boardsize 19
clear_board
komi -15.5
play black N9
play white K9
play black O9
play white N8
play black L8
play white M8
play black M9
play white Q4
play black D16
play white L9
play black G3
play white O8
play black N7
play white N10
play black J16
play white O3
play black M11
play white M10
play black Q15
play white D3
play black M7
play white C5
play black Q17
play white P9
318 reg_genmove black
#? [!O10]
