# SPDX-License-Identifier: MIT
# interp: yes
perl -e 'print "hello ", 2**53, " ", 1/7, " ", join(",", map { $_ ** 2 } 1..10), "\n"'
perl -ne '$c{$_}++ for split; END { print "$c{$_} $_\n" for (sort { $c{$b} <=> $c{$a} || $a cmp $b } keys %c)[0..4] }' <(head -n 20000 ../text20m)
perl -e 'my $s = "a1b22c333"; while ($s =~ /([a-z])(\d+)/g) { print "$1=$2 " } print "\n"; (my $t = $s) =~ s/\d/#/g; print "$t\n"; print sprintf("%.15g %s %x %b\n", atan2(1,1)*4, "x" x 5, 255, 10)'
perl -MList::Util=sum,max,reduce -MData::Dumper -MPOSIX=floor -e '$Data::Dumper::Sortkeys = 1; print sum(1..100), " ", max(3,9,2), " ", floor(-2.5), "\n", Dumper({a => [1,2], b => undef})'
perl -e 'use Digest::MD5 qw(md5_hex); use Digest::SHA qw(sha256_hex); print md5_hex("x"), " ", sha256_hex("x"), "\n"'
perl -e '$SIG{ALRM} = sub { die "alarm\n" }; eval { alarm 1; select undef, undef, undef, 5 while 1; }; print "caught $@"; my $pid = fork; if (!$pid) { exit 4 } waitpid $pid, 0; print $? >> 8, "\n"; print `echo from shell`'
perl -e 'my @p = (2); N: for (my $n = 3; @p < 2000; $n += 2) { for (@p) { last if $_ * $_ > $n; next N unless $n % $_ } push @p, $n } print "$p[-1]\n"'
