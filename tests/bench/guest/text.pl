# SPDX-License-Identifier: MIT
# Hashes, regular expressions, sorting and string building in Perl.
use strict;
use warnings;

my $seed;
sub rnd { $seed = ($seed * 1103515245 + 12345) % 2147483648; return int($seed / 65536) % $_[0]; }

for (1 .. ($ARGV[0] || 1)) {
    $seed = 42;
    my @words = map { join '', map { chr(97 + rnd(9)) } 1 .. 2 + rnd(7) } 1 .. 2000;
    my $text = join ' ', map { $words[rnd(2000)] } 1 .. 50000;
    my %count;
    $count{$_}++ for split / /, $text;
    my @top = sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count;
    my $hits = 0;
    $hits += length $1 while $text =~ /\b([a-d]+)[e-g]*([hi]{2,})\b/g;
    (my $caps = $text) =~ s/\b(\w)(\w*)/\U$1\E$2/g;
    my $vowels = ($caps =~ tr/AEIae//);
    my $sum = 0;
    for my $i (1 .. 300000) { $sum = ($sum * 31 + $i) % 1000003; }
    print "$top[0] $hits $vowels $sum ", length($caps), "\n";
}
