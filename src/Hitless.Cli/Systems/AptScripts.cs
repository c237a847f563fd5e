namespace Hitless.Cli.Systems;

/// <summary>
/// The commands of an <see cref="AptRecipe"/>, in POSIX sh. A new kernel is started by GRUB once (docs/decisions/0105): the saved default
/// stays the kernel that runs until <see cref="Check"/> has found everything right.
/// </summary>
internal static class AptScripts
{
    private const string Common = """
        #!/bin/sh
        # Made by hitless firmware system --apt. Run in the slot's folder, as root.
        set -eu
        cd "$HITLESS_RECIPE"
        export DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l
        standing() { dpkg-query -W -f='${db:Status-Status} ${Version}' "$1" 2>/dev/null | sed -n 's/^installed //p'; }
        apt() {
            apt-get -y -q -o APT::Sandbox::User=root -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confdef \
                -o Dpkg::Options::=--force-confold "$@"
        }

        """;

    /// <summary>
    /// Prints why GRUB does not bring a kernel back that does not start; nothing where it does. What counts is the menu that GRUB reads,
    /// and that GRUB itself can write into its environment: else "once" would be forever.
    /// </summary>
    public const string WhyUnguarded = """
        why_unguarded() {
            for tool in grub-reboot grub-set-default grub-editenv grub-probe update-grub; do
                command -v $tool >/dev/null || { echo "there is no $tool"; return; }
            done
            [ -r /boot/grub/grub.cfg ] || { echo "there is no /boot/grub/grub.cfg"; return; }
            grep -q '^ *set default="[$]{saved_entry}"' /boot/grub/grub.cfg || { echo "GRUB_DEFAULT is not saved"; return; }
            case "$(grub-probe --target=abstraction /boot/grub)/$(grub-probe --target=fs /boot/grub)" in
                /ext2 | /fat | /xfs) ;;
                *) echo "GRUB cannot write to the file system of /boot/grub"; return ;;
            esac
        }

        """;

    // grub-former: the saved entry as it was (may be empty), and the one that starts the kernel that runs now.
    private const string Grub =
        WhyUnguarded
        + """
            menu=/etc/grub.d/42_hitless
            new_kernel() {
                while read -r name former version; do
                    case "$name $former" in linux-image-[0-9]*.*.*' -') echo "${name#linux-image-}" ;; esac
                done <packages | tail -n 1
            }
            # The ids of Debian's menu are gnulinux-VERSION-advanced-UUID; the way to one in a submenu is written with ">".
            entry_of() {
                awk -v wanted="gnulinux-$1-advanced-" '
                    function id(line) { sub(/.*menuentry_id_option \047/, "", line); sub(/\047.*/, "", line); return line }
                    /^submenu / { outer = id($0) ">" }
                    /^}/ { outer = "" }
                    /^[ \t]*menuentry / && index(id($0), wanted) == 1 { print outer id($0); exit }' /boot/grub/grub.cfg
            }
            saved_entry() { grub-editenv - list | sed -n 's/^saved_entry=//p'; }
            # The entry of a kernel again, for one boot: the machine is reset where the kernel cannot be loaded, and where it panics.
            once() {
                {
                    printf '%s\n' '#!/bin/sh' 'exec tail -n +3 "$0"' "menuentry 'Linux $1, once' \$menuentry_id_option 'hitless-once' {"
                    awk -v wanted="'gnulinux-$1-advanced-" '
                        /^[ \t]*menuentry / && index($0, wanted) { inside = 1; next }
                        inside && /^[ \t]*}/ { exit }
                        inside && /^[ \t]*linux[ \t]/ { $0 = $0 " panic=10" }
                        inside { print }' /boot/grub/grub.cfg
                    printf '%s\n' 'boot' 'reboot' '}'
                } >grub-once
                install -m 755 grub-once "$menu"
                update-grub
                grub-reboot hitless-once
            }
            forget_once() {
                grub-editenv - unset next_entry
                rm -f "$menu"
            }
            # Packages of kernels do so too; it takes its time.
            without_once() { ! grep -q hitless-once /boot/grub/grub.cfg || update-grub; }

            """;

    /// <summary>Each unit has to begin with the versions that the way back leads to.</summary>
    public const string Stage =
        Common
        + """
            while read -r name former version; do
                have=$(standing "$name")
                case "${have:--}" in
                    "$former" | "$version") ;;
                    *) wrong="${wrong:-}$name is ${have:-not installed}, expected was $former; " ;;
                esac
            done <packages
            [ -z "${wrong:-}" ] || { echo "this unit's packages differ from those that the image was made for: $wrong"; exit 1; }
            apt --simulate --no-remove install ./new/*.deb

            """;

    /// <summary>
    /// The present kernel is made the default before the new one comes. Asked for again after a power cut, it begins with what was noted.
    /// </summary>
    public const string Install =
        Common
        + Grub
        + """
            kernel=$(new_kernel)
            if [ -n "$kernel" ] && [ ! -e grub-former ]; then
                why=$(why_unguarded)
                present=$(entry_of "$(uname -r)")
                [ -n "$why$present" ] || why="its menu has no entry of the kernel that runs, $(uname -r)"
                if [ -z "$why" ]; then
                    { saved_entry | grep . || echo; echo "$present"; } >grub-former.new
                    sync grub-former.new
                    mv grub-former.new grub-former
                    sync .
                else
                    echo "kernel $kernel is not brought back by itself if it does not start: $why"
                fi
            fi
            [ ! -e grub-former ] || grub-set-default "$(sed -n 2p grub-former)"
            dpkg --force-confdef --force-confold --configure -a
            apt --no-remove install ./new/*.deb
            if [ -e grub-former ]; then
                [ -n "$(entry_of "$kernel")" ] || { echo "GRUB's menu has no entry of kernel $kernel"; exit 1; }
                once "$kernel"
                echo "GRUB starts kernel $kernel once"
            fi

            """;

    /// <summary>A kernel that was to be new must be the one that runs; it becomes the default then.</summary>
    public const string Check =
        Common
        + Grub
        + """
            [ -z "$(dpkg --audit)" ] || { dpkg --audit; exit 1; }
            while read -r name former version; do
                have=$(standing "$name")
                [ "$have" = "$version" ] || { echo "$name is ${have:-not installed}, expected was $version"; exit 1; }
                case "$name" in linux-image-[0-9]*.*.*) kernel=${name#linux-image-} ;; esac
            done <packages
            [ -z "${kernel:-}" ] || [ "$(uname -r)" = "$kernel" ] || { echo "kernel $(uname -r) runs, expected was $kernel"; exit 1; }
            if [ -e grub-former ]; then
                entry=$(entry_of "$(new_kernel)")
                [ -n "$entry" ] || { echo "GRUB's menu has no entry of kernel $(new_kernel)"; exit 1; }
                grub-set-default "$entry"
                forget_once
                without_once
            fi

            """;

    /// <summary>Before anything is removed the former kernel is the default again, so that a power cut here does no harm.</summary>
    public const string Revert =
        Common
        + Grub
        + """
            if [ -e grub-former ]; then
                grub-set-default "$(sed -n 2p grub-former)"
                forget_once
            fi
            dpkg --force-confdef --force-confold --configure -a || true
            added=$(awk '$2 == "-" { print $1 "-" }' packages)
            # shellcheck disable=SC2046,SC2086
            apt --allow-downgrades install $(ls ./old/*.deb 2>/dev/null) $added
            while read -r name former version; do
                have=$(standing "$name")
                [ "${have:--}" = "$former" ] || { echo "$name is ${have:-not installed}, before it was $former"; exit 1; }
            done <packages
            if [ -e grub-former ]; then
                without_once
                saved=$(sed -n 1p grub-former)
                if [ -n "$saved" ]; then grub-set-default "$saved"; else grub-editenv - unset saved_entry; fi
                rm grub-former
            fi
            kernel=$(new_kernel)
            [ "$(uname -r)" != "$kernel" ] || echo "kernel $kernel is removed and still runs: the reboot that follows starts the former one"

            """;
}
