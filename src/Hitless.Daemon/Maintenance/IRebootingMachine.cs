namespace Hitless.Daemon.Maintenance;

/// <summary>How the machine under a unit is rebooted.</summary>
public interface IRebootingMachine
{
    /// <summary><c>hitless-boot</c> has a command for it.</summary>
    bool CanReboot { get; }

    /// <summary>Ends the daemon so that <c>hitless-boot</c> reboots the machine; the answer to who asked goes out first.</summary>
    void Reboot(string why);
}
