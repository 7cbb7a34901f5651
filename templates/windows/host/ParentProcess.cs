using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Threading;

namespace Culvert
{
    /// <summary>The process that has started this one.</summary>
    internal static class ParentProcess
    {
        private const int BasicInformation = 0;

        /// <summary>
        /// Ends this process with its parent: the ssh of Windows up to 7.7 leaves its ProxyCommand
        /// behind, with pipes that do not close. Elsewhere they do, and this does nothing.
        /// </summary>
        internal static void EndWithIt()
        {
            if (!Job.IsWindows) return;
            Process parent = Find();
            if (parent == null) return;
            var thread = new Thread(delegate()
            {
                parent.WaitForExit();
                Environment.Exit(1);
            });
            thread.IsBackground = true;
            thread.Start();
        }

        /// <summary>Null where it is gone.</summary>
        private static Process Find()
        {
            var self = Process.GetCurrentProcess();
            var facts = new ProcessFacts();
            int length;
            int status = NtQueryInformationProcess(
                self.Handle, BasicInformation, ref facts, Marshal.SizeOf(facts), out length);
            if (status != 0) return null;
            try
            {
                Process parent = Process.GetProcessById(facts.ParentId.ToInt32());
                // A number that was given to another process since.
                return parent.StartTime <= self.StartTime ? parent : null;
            }
            catch (ArgumentException)
            {
                return null;
            }
            catch (InvalidOperationException)
            {
                return null;
            }
        }

        /// <summary>PROCESS_BASIC_INFORMATION, of which only the last part matters here.</summary>
        [StructLayout(LayoutKind.Sequential)]
        private struct ProcessFacts
        {
            private IntPtr exitStatus, environment, affinity, priority, id;
            internal IntPtr ParentId;
        }

        [DllImport("ntdll.dll")]
        private static extern int NtQueryInformationProcess(
            IntPtr process, int kind, ref ProcessFacts facts, int size, out int length);
    }
}
