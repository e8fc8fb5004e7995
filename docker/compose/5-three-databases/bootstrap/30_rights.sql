-- Nobody logs in where nothing is his.
revoke all on database users, workstation, syncstation, postgres, template1 from public;
grant connect on database users, workstation, syncstation, postgres to backup;
