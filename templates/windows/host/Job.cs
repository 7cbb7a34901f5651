using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;

namespace Culvert
{
    /// <summary>
    /// A job of Windows that takes everything in it along when its last handle closes. So no ssh
    /// outlives the host, however that ends.
    /// </summary>
    internal static class Job
    {
        internal static readonly bool IsWindows = Path.DirectorySeparatorChar == '\\';

        // Of JOBOBJECT_EXTENDED_LIMIT_INFORMATION everything stays zero but LimitFlags, which
        // stand behind two times of 64 bits.
        private const int ExtendedLimitInformation = 9;
        private const int SizeOfInformation32 = 112;
        private const int SizeOfInformation64 = 144;
        private const int OffsetOfLimitFlags = 16;
        private const int KillOnJobClose = 0x2000;

        /// <summary>
        /// Puts this process, and with it whatever it starts, into a job of its own. The handle
        /// stays open as long as the process lives. Elsewhere than on Windows it does nothing.
        /// Throws a Win32Exception where Windows refuses.
        /// </summary>
        internal static void Join()
        {
            if (!IsWindows) return;
            var limits = new byte[IntPtr.Size == 8 ? SizeOfInformation64 : SizeOfInformation32];
            BitConverter.GetBytes(KillOnJobClose).CopyTo(limits, OffsetOfLimitFlags);
            IntPtr job = CreateJobObject(IntPtr.Zero, null);
            if (job == IntPtr.Zero ||
                !SetInformationJobObject(job, ExtendedLimitInformation, limits, limits.Length) ||
                !AssignProcessToJobObject(job, GetCurrentProcess()))
            {
                throw new Win32Exception();
            }
        }

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern IntPtr CreateJobObject(IntPtr attributes, string name);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool SetInformationJobObject(
            IntPtr job, int kind, byte[] information, int length);

        [DllImport("kernel32.dll", SetLastError = true)]
        [return: MarshalAs(UnmanagedType.Bool)]
        private static extern bool AssignProcessToJobObject(IntPtr job, IntPtr process);

        [DllImport("kernel32.dll")]
        private static extern IntPtr GetCurrentProcess();
    }
}
